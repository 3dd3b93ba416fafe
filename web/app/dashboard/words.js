// What the server's short words mean. A word that this page does not know is shown as it is: the server may be newer.

const REASONS = {
  "miss absent": "Never kept, or evicted",
  "miss other_key": "Another key of the same hash was there",
  "miss not_ours": "Another program's value was there",
  "miss other_format": "Written by a version with another format",
  "miss damaged": "Bytes were cut or altered",
  "miss unknown_product": "Shows a product that this node has never seen",
  "miss too_large": "Larger than a reader takes",
  "miss dropped": "Made before its catalog was cleared",
  "stale touched": "A change touched what it depends on",
  "stale touched_prefix": "A change touched a word that it looked up by its beginning",
  "stale touched_bucket": "A change touched a range of numbers that it depends on",
  "stale collision": "A change touched another thing of the same hash",
  "stale anything": "A change that may alter any answer",
  "stale live": "Prices or stock decide it, and they changed",
  "stale stock_changed": "One of its products went out of stock or came back",
  "stale other_history": "From another history of the catalog: restored or begun anew",
  "stale before_touches": "Older than what is known of changes",
  "stale too_old": "Older than what is remembered of changes",
  "stale expired": "Reached its maximum age",
  "stale from_the_future": "Reflects changes that this node has not seen yet",
  "passed skipped": "Asking was not expected to pay",
  "passed paused": "Paused by an engineer",
  "passed breaker_open": "The breaker was open",
  "passed busy": "Too many calls were under way",
  "passed no_time": "No time was left for it",
  "passed timeout": "No answer in time",
  "passed unreachable": "No connection",
  "passed refused": "It answered with an error",
  "passed garbled": "It answered nonsense",
  "error refused": "The request was at fault",
  "error overloaded": "Turned away: too many waited",
  "error deadline_exceeded": "Not computed in time",
  "error not_yet_visible": "A change was waited for in vain",
  "error internal": "A fault of the server",
};

const OUTCOMES = {
  miss: "miss",
  stale: "stale",
  passed: "not asked, or failed",
  unfilled: "not filled",
  error: "no answer",
};

const BREAKERS = {
  closed: { name: "Closed", meaning: "calls go through" },
  open: { name: "Open", meaning: "not asked; a probe follows soon" },
  half_open: { name: "Half-open", meaning: "one probe is under way" },
};

/** What a breaker's state is called and means. */
export const breakerWords = (state) => BREAKERS[state] ?? { name: state, meaning: "" };

/** What kept an answer from coming from a tier. */
export const reasonWords = (what, reason) =>
  REASONS[`${what === "unfilled" ? "passed" : what} ${reason}`] ?? reason.replaceAll("_", " ");

/** What a lookup came to. */
export const outcomeWords = (what) => OUTCOMES[what] ?? what;

/** How a server fails. */
export const failureWords = (reason) => (reason === null ? "No" : reasonWords("passed", reason));

/** A tier or kind at the start of a phrase. */
export const named = (word) => word.charAt(0).toUpperCase() + word.slice(1);
