//! The order of publishing, as threads see it that read without a lock.

use storefind_index::writer::Writer;

use super::*;

/// Each commits an index, so a few hundred; between two of them readers look thousands of times.
const PUBLICATIONS: u64 = 300;
/// Sequences between two publications: so many that a reader comes while they are touched.
const BATCH: u64 = 1_000;
const LOOKED_BACK: u64 = 32;
const LONG: Duration = Duration::from_secs(3_600);

fn term(sequence: u64) -> u64 {
    xxh3_64(&(sequence % 100).to_le_bytes())
}

#[test]
fn who_sees_a_sequence_validated_sees_its_snapshot_its_touches_and_its_live_values() {
    let live = Arc::<LiveTable>::default();
    let mut writer = Writer::in_memory(Arc::new(Settings::default()), Arc::clone(&live)).expect("in memory");
    let first = writer.commit(0).expect("commits");
    let visibility = Visibility::new(first, live, TouchTable::new(1 << 6, 0), LONG, Vec::new().into());
    let last = PUBLICATIONS * BATCH;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for through in (BATCH..=last).step_by(BATCH as usize) {
                let touched: Vec<Touch> = (through - BATCH + 1..=through).map(|n| (term(n), n)).collect();
                visibility.live_applied(through, Instant::now());
                visibility.publish(writer.commit(through).expect("commits"), &touched, Instant::now());
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let mut before = 0;
                loop {
                    let through = visibility.validated();
                    assert!(through >= before, "V fell from {before} to {through}");
                    before = through;
                    let shown = visibility.published().snapshot.sequence();
                    assert!(shown >= through, "the snapshot of {shown} under {through}");
                    assert!(visibility.live().applied() >= through, "live values behind content");
                    for sequence in through.saturating_sub(LOOKED_BACK)..=through {
                        let touched = visibility.touches().last(term(sequence));
                        assert!(touched >= sequence, "{touched} hides the touch of {sequence} under {through}");
                    }
                    if through == last {
                        return;
                    }
                }
            });
        }
    });
}
