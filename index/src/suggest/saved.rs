//! Suggestions as bytes, so that a process that starts has those of the one before until it has made its own.
//!
//! Owns the layout. What is read back says the same to every prefix; how it is searched is made anew. Whatever is not
//! what was written is nothing.
//!
//! Layout, integers little-endian: magic and format; the names of scopes, the names of categories, the phrases, each with
//! their number before them; then the XXH3-64 of everything before. A text has its length before it, 16 bits.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::builder::PHRASES_MAX;
use super::phrases::Draft;
use super::words::Words;
use super::{PHRASE_BYTES_MAX, Source, SuggestIndex};
use crate::settings::Language;

/// What every format begins with, and the present one's number.
const MAGIC: &[u8; 8] = b"SFSUGST1";
/// No category.
const NONE: u32 = u32::MAX;
/// In the order of their numbers; at the end alone may one be added.
const SOURCES: [Source; 4] = [Source::Learned, Source::Name, Source::Brand, Source::Category];

impl SuggestIndex {
    /// Everything that it says, as bytes.
    pub fn save(&self) -> Vec<u8> {
        let (scopes, scopes_of) = self.scopes.by_phrase(&self.arena, self.phrases.len());
        let categories = self.phrases.categories();
        let places: FxHashMap<&str, usize> = categories.iter().enumerate().map(|(at, name)| (*name, at)).collect();
        let mut bytes = MAGIC.to_vec();
        for names in [&scopes, &categories] {
            number(&mut bytes, names.len());
            names.iter().for_each(|name| text(&mut bytes, name));
        }
        number(&mut bytes, self.phrases.len());
        for (phrase, scopes) in scopes_of.iter().enumerate() {
            text(&mut bytes, self.phrases.key(phrase));
            text(&mut bytes, self.phrases.text(phrase));
            bytes.extend_from_slice(&self.phrases.weight(phrase).to_le_bytes());
            bytes.extend_from_slice(&self.phrases.results(phrase).to_le_bytes());
            let source = SOURCES.iter().position(|source| *source == self.phrases.source(phrase));
            bytes.push(source.unwrap_or_default() as u8);
            let category = self.phrases.category(phrase).and_then(|name| places.get(name));
            number(&mut bytes, category.copied().unwrap_or(NONE as usize));
            number(&mut bytes, scopes.len());
            scopes.iter().for_each(|&scope| number(&mut bytes, scope as usize));
        }
        let digest = xxh3_64(&bytes);
        bytes.extend_from_slice(&digest.to_le_bytes());
        bytes
    }

    /// What was saved; `None` for whatever was not, or by another version of this program.
    pub fn load(bytes: &[u8], language: Language) -> Option<Self> {
        let (content, digest) = bytes.split_last_chunk()?;
        if xxh3_64(content) != u64::from_le_bytes(*digest) {
            return None;
        }
        let mut rest = Reader(content.strip_prefix(MAGIC)?);
        let scopes = rest.names()?;
        let categories = rest.names()?;
        let phrases = rest.number()?;
        let mut drafts: Vec<Draft> = Vec::new();
        for _ in 0..phrases {
            let draft = rest.draft(&scopes, &categories)?;
            let is_next = drafts.last().is_none_or(|last| last.key < draft.key);
            if !is_next || drafts.len() == PHRASES_MAX {
                return None;
            }
            drafts.push(draft);
        }
        rest.0.is_empty().then(|| Self::new(&drafts, &Words::new(language)))
    }
}

fn number(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend_from_slice(&u32::try_from(number).unwrap_or(NONE).to_le_bytes());
}

/// Names of categories may be of any length; one that is too long is cut, and then found by nobody.
fn text(bytes: &mut Vec<u8>, text: &str) {
    let text = &text[..text.floor_char_boundary(usize::from(u16::MAX))];
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, behind) = self.0.split_first_chunk()?;
        self.0 = behind;
        Some(*taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn text(&mut self) -> Option<Box<str>> {
        let length = usize::from(u16::from_le_bytes(self.take()?));
        let (text, behind) = self.0.split_at_checked(length)?;
        self.0 = behind;
        str::from_utf8(text).ok().map(Box::from)
    }

    fn names(&mut self) -> Option<Vec<Box<str>>> {
        // Not made to measure: the number is not trusted before the names are there.
        let mut names = Vec::new();
        for _ in 0..self.number()? {
            names.push(self.text()?);
        }
        Some(names)
    }

    fn draft(&mut self, scopes: &[Box<str>], categories: &[Box<str>]) -> Option<Draft> {
        let (key, text) = (self.text()?, self.text()?);
        let weight = f64::from_le_bytes(self.take()?);
        let results = u64::from_le_bytes(self.take()?);
        let [source] = self.take()?;
        let source = *SOURCES.get(usize::from(source))?;
        let category = match self.number()? {
            NONE => None,
            at => Some(categories.get(at as usize)?.clone()),
        };
        let mut own = Vec::new();
        for _ in 0..self.number()? {
            own.push(scopes.get(self.number()? as usize)?.clone());
        }
        let is_sound = weight.is_finite() && weight > 0.0 && key.len().max(text.len()) <= PHRASE_BYTES_MAX;
        is_sound.then_some(Draft { key, text, weight, results, source, category, scopes: own })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suggest::{Completion, SuggestBuilder};

    fn index() -> SuggestIndex {
        let mut builder = SuggestBuilder::new(Language::English);
        for (title, brand, category) in [
            ("HP Pavilion Notebook", "HP", "Computers > Notebooks"),
            ("HP Pavilion Desktop", "HP", "Computers > Desktops"),
            ("Café crème cup", "Bodum", "Home > Cups"),
            ("Red cup", "Bodum", "Home > Cups"),
        ] {
            (0..3).for_each(|_| builder.add(title, Some(brand), &[category.to_owned()], Some(2.0)));
        }
        builder.add_learned("notebook for school", 5.0, 3);
        builder.build()
    }

    #[test]
    fn what_is_read_back_says_the_same() {
        let saved = index().save();
        let (before, after) = (index(), SuggestIndex::load(&saved, Language::English).expect("as written"));
        assert!(!before.is_empty() && after.save() == saved);
        for prefix in ["", "h", "pav", "pavilon", "cup", "cafe", "note", "bodum h", "x"] {
            for category in [None, Some("Computers"), Some("Home > Cups"), Some("Nowhere")] {
                let ask =
                    |index: &SuggestIndex| index.complete(Completion { prefix, limit: 10, category, typos: true });
                assert_eq!(ask(&before), ask(&after), "{prefix} in {category:?}");
            }
        }
        let nothing = SuggestIndex::empty().save();
        assert!(SuggestIndex::load(&nothing, Language::None).expect("as written").is_empty());
    }

    #[test]
    fn a_phrase_of_no_weight_is_nothing() {
        let saved = index().save();
        let heaviest = index().phrases.weight(0).to_le_bytes();
        let at = saved.windows(8).position(|bytes| bytes == heaviest).expect("it was written");
        for weight in [0.0_f64, -1.0, f64::NAN] {
            let mut content = saved[..saved.len() - 8].to_vec();
            content[at..at + 8].copy_from_slice(&weight.to_le_bytes());
            let digest = xxh3_64(&content).to_le_bytes();
            assert!(
                SuggestIndex::load(&[content.as_slice(), &digest].concat(), Language::English).is_none(),
                "{weight}"
            );
        }
    }

    #[test]
    fn whatever_was_not_written_is_nothing() {
        let saved = index().save();
        let load = |bytes: &[u8]| SuggestIndex::load(bytes, Language::English);
        for length in 0..saved.len() {
            assert!(load(&saved[..length]).is_none(), "cut to {length}");
        }
        let sealed = |mut bytes: Vec<u8>| {
            bytes.truncate(bytes.len() - 8);
            let digest = xxh3_64(&bytes);
            bytes.extend_from_slice(&digest.to_le_bytes());
            bytes
        };
        for at in 0..saved.len() {
            let mut altered = saved.clone();
            altered[at] ^= 0x41;
            assert!(load(&altered).is_none(), "byte {at}");
            // Even with a digest that fits, it is refused or at least harmless.
            drop(load(&sealed(altered)));
        }
    }
}
