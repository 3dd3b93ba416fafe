//! scratch
use std::io::BufRead;
use std::sync::Arc;
use storefind_index::feed::*;
use storefind_index::request::*;
use storefind_index::settings::*;
use storefind_index::writer::Writer;
#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;
fn main() {
    let dir = std::env::var("DIR").unwrap_or("/tmp/scratch-index".into());
    let settings = Arc::new(Settings::default());
    let t = std::time::Instant::now();
    if std::env::var("BUILD").is_ok() {
        std::fs::remove_dir_all(&dir).ok();
    }
    let mut w = Writer::open(dir.as_ref(), settings).unwrap();
    println!("open {:?} {}", t.elapsed(), w.sequence());
    if w.sequence() == 0 {
        let cfg: FeedConfig = serde_json::from_str(r#"{"id":"id","title":"title","sku":"name","brand":"supplier","description":"short_description","price":{"field":"price","scale":0.01},"image":"img_500x500","released":"date_released","identifiers":"ean","attributes":["attr_t_*","attr_n_*","attr_b_*"]}"#).unwrap();
        let m = FeedMapping::new(&cfg).unwrap();
        let f = std::fs::File::open("/work/shared/data/icecat-products.jsonl.gz").unwrap();
        let t = std::time::Instant::now();
        let mut n = 0;
        for line in std::io::BufReader::new(flate2::read::GzDecoder::new(f)).lines() {
            let rec = serde_json::from_str(&line.unwrap()).unwrap();
            let (p, _) = m.map(rec).unwrap();
            w.upsert(&p).unwrap();
            n += 1;
        }
        println!("upserts {n} {:?}", t.elapsed());
        w.commit(n).unwrap();
        println!("commit {:?}", t.elapsed());
    }
    let s = w.snapshot();
    println!("products {} segments {}", s.product_count(), s.segment_count());
    let mode = std::env::args().nth(1).unwrap_or_default();
    if mode == "run" {
        let mut out = serde_json::Map::new();
        let mut seen = vec![];
        for line in std::fs::read_to_string("/work/shared/data/icecat-judgments.csv").unwrap().lines().skip(1) {
            let q = line.split(',').next().unwrap().to_string();
            if !seen.contains(&q) {
                seen.push(q);
            }
        }
        for q in &seen {
            let r = SearchRequest { q: q.clone(), per_page: 100, ..Default::default() };
            let p = s.search(&r, &|| false).unwrap();
            out.insert(q.clone(), p.hits.iter().map(|h| h.id.clone()).collect::<Vec<_>>().into());
        }
        std::fs::write("/tmp/run.json", serde_json::Value::Object(out).to_string()).unwrap();
        // timing
        for facets in [vec![], vec!["brand".to_string(), "price".into(), "product_type".into()]] {
            let mut times = vec![];
            for _ in 0..20 {
                for q in &seen {
                    let r = SearchRequest { q: q.clone(), facets: facets.clone(), ..Default::default() };
                    let t = std::time::Instant::now();
                    std::hint::black_box(s.search(&r, &|| false).unwrap());
                    times.push((t.elapsed(), q.clone()));
                }
            }
            times.sort();
            let n = times.len();
            println!(
                "facets {} mean {:?} p50 {:?} p90 {:?} p99 {:?} max {:?}",
                facets.len(),
                times.iter().map(|t| t.0).sum::<std::time::Duration>() / n as u32,
                times[n / 2].0,
                times[n * 9 / 10].0,
                times[n * 99 / 100].0,
                times[n - 1]
            );
        }
        return;
    }
    let mut r = SearchRequest {
        q: mode,
        facets: vec!["brand".into(), "price".into()],
        highlight: vec!["title".into()],
        per_page: 8,
        ..Default::default()
    };
    if let Some(f) = std::env::args().nth(2) {
        r.filter = Some(storefind_index::filter::Filter::Equals {
            field: f.split(':').next().unwrap().into(),
            value: storefind_index::filter::Literal { text: f.split(':').nth(1).unwrap().into(), quoted: false },
        });
    }
    let t = std::time::Instant::now();
    let p = s.search(&r, &|| false).unwrap();
    println!("{:?} total {} corrected {:?} relaxed {}", t.elapsed(), p.total, p.corrected, p.relaxed);
    for h in &p.hits {
        println!("{} {:.3} {:?}", h.id, h.score, h.highlights.first().map(|h| h.1.clone()).unwrap_or_default());
    }
    for f in &p.facets {
        println!("{} {:?} {:?} {:?}", f.field, f.distinct, f.stats, f.values.iter().take(5).collect::<Vec<_>>());
    }
    for v in &p.dependency.variants {
        println!("{v:?}");
    }
}
