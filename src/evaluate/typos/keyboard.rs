//! Which keys lie beside which: how fingers go wrong.
//!
//! Owns the layouts, by name. A layout is its four rows, each shifted against the one above as on a real keyboard.
//!
//! Invariant: neighbourhood is mutual, and no key is its own neighbour.

/// How far each row lies to the right of the row of digits, in widths of a key.
const SHIFTS: [f64; 4] = [0.0, 0.5, 0.75, 1.25];
/// Farthest that a neighbour's middle lies away, in widths of a key: the keys that a finger touches beside its own.
const REACH: f64 = 1.25;

/// A keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Keyboard {
    /// English.
    Qwerty,
    /// German.
    Qwertz,
    /// French.
    Azerty,
}

impl Keyboard {
    /// Its rows from the top, digits first.
    const fn rows(self) -> [&'static str; 4] {
        match self {
            Self::Qwerty => ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"],
            Self::Qwertz => ["1234567890ß", "qwertzuiopü", "asdfghjklöä", "yxcvbnm"],
            Self::Azerty => ["1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn"],
        }
    }

    /// The keys beside a key, letters for a letter and digits for a digit; none for what the layout lacks.
    pub fn neighbours(self, key: char) -> Vec<char> {
        let Some(at) = self.place(key) else { return Vec::new() };
        let keys = self.rows().into_iter().flat_map(str::chars);
        let near = keys.filter(|&other| {
            let alike = other.is_ascii_digit() == key.is_ascii_digit();
            other != key && alike && self.place(other).is_some_and(|place| distance(at, place) <= REACH)
        });
        near.collect()
    }

    /// Where a key's middle lies: right and down.
    fn place(self, key: char) -> Option<(f64, f64)> {
        self.rows().into_iter().zip(SHIFTS).enumerate().find_map(|(row, (keys, shift))| {
            let column = keys.chars().position(|other| other == key)?;
            Some((column as f64 + shift, row as f64))
        })
    }
}

fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    fn neighbours(keyboard: Keyboard, key: char) -> String {
        let mut keys = keyboard.neighbours(key);
        keys.sort_unstable();
        keys.into_iter().collect()
    }

    #[test]
    fn neighbours_are_the_keys_around() {
        assert_eq!(neighbours(Keyboard::Qwerty, 'g'), "bfhtvy");
        assert_eq!(neighbours(Keyboard::Qwerty, 'a'), "qswz");
        assert_eq!(neighbours(Keyboard::Qwerty, '5'), "46");
        assert_eq!(neighbours(Keyboard::Qwertz, 'z'), "ghtu");
        assert_eq!(neighbours(Keyboard::Azerty, 'm'), "lp");
        assert_eq!(neighbours(Keyboard::Qwerty, 'ß'), "");
    }

    #[test]
    fn neighbourhood_is_mutual() {
        for keyboard in Keyboard::value_variants() {
            for key in keyboard.rows().into_iter().flat_map(str::chars) {
                for other in keyboard.neighbours(key) {
                    assert!(keyboard.neighbours(other).contains(&key), "{keyboard:?}: {key} {other}");
                    assert_ne!(key, other);
                }
            }
        }
    }
}
