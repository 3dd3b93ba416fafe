//! A scenario: what is asked of which server, how fast and for how long.
//!
//! Owns reading the file, replacing its placeholders and refusing what makes no sense. It refuses to decide anything
//! that the file does not say: a default stands beside its key in [`shape`].
//!
//! Invariant: a scenario that this module hands out is valid, and every problem of one that is not names its key.

mod bounds;
mod fault;
mod keys;
pub(crate) mod shape;

use std::path::Path;

use anyhow::{Context as _, bail};

pub(crate) use fault::{Act, Fault};
pub(crate) use keys::{KEY_VARIABLES, Keys, Secret};
pub(crate) use shape::{Arrivals, Goal, Phase, QuerySource, Scenario, TrafficKind};

/// Most requests in flight that a scenario may allow: each has a socket, and half of a usual limit of 65,536 open
/// files is the server's.
const IN_FLIGHT_MAX: usize = 30_000;
/// Highest rate that can be written down. Beyond it a typing error is likelier than a machine.
const RATE_MAX: f64 = 1_000_000.0;
/// Longest phase: a day.
const SECONDS_MAX: f64 = 86_400.0;

/// Reads and checks a scenario.
pub(crate) fn load(path: &Path) -> anyhow::Result<Scenario> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let valid = || {
        let mut scenario: Scenario = toml::from_str(&text)?;
        scenario.keys.take(|name| std::env::var(name).ok());
        checked(scenario)
    };
    valid().with_context(|| format!("{} is no valid scenario", path.display()))
}

/// Parses and checks the text of a scenario.
#[cfg(test)]
pub(crate) fn parse(text: &str) -> anyhow::Result<Scenario> {
    checked(toml::from_str(text)?)
}

fn checked(scenario: Scenario) -> anyhow::Result<Scenario> {
    let problems = problems(&scenario);
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Ok(scenario)
}

/// Everything that is wrong with a scenario, each line beginning with the key.
fn problems(scenario: &Scenario) -> Vec<String> {
    let mut found = Vec::new();
    let mut check = |holds: bool, problem: String| {
        if !holds {
            found.push(problem);
        }
    };
    check(
        scenario.address.ip().is_loopback(),
        format!("address: {} is not a loopback address; load is driven on this machine only", scenario.address),
    );
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    check(
        !scenario.name.is_empty() && scenario.name.chars().all(plain),
        format!("name: {:?} is not made of letters, digits, - and _; results are files of this name", scenario.name),
    );
    let in_flight = scenario.client.in_flight_max;
    check(
        (1..=IN_FLIGHT_MAX).contains(&in_flight),
        format!("client.in_flight_max: {in_flight} is not between 1 and {IN_FLIGHT_MAX}"),
    );
    check(scenario.client.timeout_ms > 0, "client.timeout_ms: must be at least 1".into());
    for (key, value) in scenario.shares() {
        check((0.0..=1.0).contains(&value), format!("{key}: {value} is not between 0 and 1"));
    }
    for (key, value) in scenario.positive() {
        check(value > 0.0 && value.is_finite(), format!("{key}: {value} is not above 0"));
    }
    for (position, phase) in scenario.phases.iter().enumerate() {
        let key = |name: &str| format!("phases[{position}].{name}");
        let seconds = phase.seconds;
        check(
            seconds > 0.0 && seconds <= SECONDS_MAX,
            format!("{}: {seconds} is not above 0 and at most {SECONDS_MAX}", key("seconds")),
        );
        for (name, rate) in [("rate", phase.rate), ("content", phase.content), ("live", phase.live)] {
            check((0.0..=RATE_MAX).contains(&rate), format!("{}: {rate} is not between 0 and {RATE_MAX}", key(name)));
        }
        check((0.0..=1.0).contains(&phase.flash), format!("{}: {} is not between 0 and 1", key("flash"), phase.flash));
        for (number, fault) in phase.faults.iter().enumerate() {
            let problem = fault.problem(phase, scenario.server.as_ref());
            check(problem.is_none(), format!("phases[{position}].faults[{number}].{}", problem.unwrap_or_default()));
        }
    }
    if let Some(sweep) = &scenario.sweep {
        check(
            sweep.from > 0.0 && sweep.to > sweep.from && sweep.to <= RATE_MAX,
            format!("sweep.to: {} is not above sweep.from ({}) and at most {RATE_MAX}", sweep.to, sweep.from),
        );
    }
    if let Arrivals::Bursts { factor, burst_ms, calm_ms } = scenario.arrivals {
        check(
            scenario.traffic.kind == TrafficKind::Queries,
            "arrivals.kind: bursts need traffic.kind = \"queries\"; sessions have bursts of their own".into(),
        );
        check(burst_ms > 0.0 && calm_ms > 0.0, "arrivals.burst_ms: burst_ms and calm_ms must be above 0".into());
        check(
            factor >= 1.0 && factor * burst_ms <= burst_ms + calm_ms,
            format!("arrivals.factor: {factor} is not at least 1, or leaves less than nothing for the calm times"),
        );
    }
    if scenario.queries.source == QuerySource::Log {
        check(scenario.queries.path.is_some(), "queries.path: a log needs the path of its file".into());
    }
    if let Some(server) = &scenario.server {
        check(!server.command.is_empty(), "server.command: is empty".into());
        for (position, beside) in server.beside.iter().enumerate() {
            check(!beside.is_empty(), format!("server.beside[{position}]: is empty"));
        }
        for (position, load) in server.load.iter().enumerate() {
            check(!load.is_empty(), format!("server.load[{position}]: is empty"));
        }
    }
    found.extend(scenario.keys.problems());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "name = \"x\"\ncatalog = \"demo\"\n[[phases]]\nname = \"a\"\nseconds = 1\nrate = 10\n";

    #[test]
    fn a_small_scenario_takes_the_defaults() {
        let scenario = parse(SMALL).unwrap();
        assert_eq!(scenario.goal.mean_ms, 1.2);
        assert_eq!(scenario.goal.p99_ms, 12.0);
        assert!(scenario.phases[0].counted);
    }

    #[test]
    fn every_problem_names_its_key() {
        for (line, key) in [
            ("address = \"10.0.0.1:80\"", "address"),
            ("colour = 1", "colour"),
            ("seed = -1", "seed"),
            ("[client]\nin_flight_max = 0", "client.in_flight_max"),
            ("[client]\nin_flight_max = 30001", "client.in_flight_max"),
            ("[client]\ntimeout_ms = 0", "client.timeout_ms"),
            ("[traffic]\ntypos = 1.5", "traffic.typos"),
            ("[popularity]\nexponent = 0.0", "popularity.exponent"),
            ("[queries]\nsource = \"log\"", "queries.path"),
            ("[server]\ncommand = []", "server.command"),
            ("[sweep]\nfrom = 10.0\nto = 5.0", "sweep.to"),
            ("[arrivals]\nkind = \"bursts\"", "arrivals.kind"),
        ] {
            // A top-level key must stand before the first table.
            let text = if line.starts_with('[') { format!("{SMALL}\n{line}\n") } else { format!("{line}\n{SMALL}") };
            let error = format!("{:#}", parse(&text).unwrap_err());
            assert!(error.contains(key), "{line}: {error}");
        }
    }

    #[test]
    fn a_phase_is_named_by_its_position() {
        let text = SMALL.replace("rate = 10", "rate = -1");
        assert!(format!("{:#}", parse(&text).unwrap_err()).contains("phases[0].rate"));
    }

    #[test]
    fn a_fault_names_a_process_beside_the_server_and_a_moment_of_its_phase() {
        let faulty = |process: &str, at: f64| {
            let server = "[server]\ncommand = [\"s\"]\nbeside = [[\"/bin/redis-server\"], [\"m\"], [\"m\"]]\n";
            let fault = format!("[[phases.faults]]\nat_seconds = {at:?}\nprocess = \"{process}\"\nact = \"freeze\"\n");
            parse(&format!("{SMALL}{fault}{server}")).map_err(|error| format!("{error:#}"))
        };
        assert_eq!(faulty("redis-server", 0.5).unwrap().phases[0].faults[0].act, Act::Freeze);
        for (process, at, key) in
            [("redis", 0.5, "faults[0].process"), ("m", 0.5, "names 2"), ("redis-server", 1.5, "faults[0].at_seconds")]
        {
            let error = faulty(process, at).unwrap_err();
            assert!(error.contains(key), "{error}");
        }
    }

    #[test]
    fn the_scenarios_that_ship_are_valid() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            load(&entry.unwrap().path()).unwrap();
            count += 1;
        }
        assert!(count > 0, "there are no scenarios");
    }
}
