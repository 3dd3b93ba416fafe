//! The steps of a cycle one by one, for tests without a thread.

use super::Projector;

impl Projector {
    /// Applies all that the log has.
    pub(crate) fn walk_to_the_end(&mut self) {
        while self.cursor < self.shared.log.last() {
            self.walk().unwrap_or_else(|failure| panic!("{}", failure.reason));
        }
    }

    /// Applies all that the log has and shows it.
    pub(crate) fn publish_all(&mut self) {
        self.walk_to_the_end();
        if self.cursor > self.committed {
            self.commit().unwrap_or_else(|failure| panic!("{}", failure.reason));
        }
        assert_eq!(self.shared.visibility.validated(), self.shared.log.last(), "all is shown");
    }
}
