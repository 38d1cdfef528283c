//! How many sockets this process may have.

use anyhow::{Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open besides the connections.
const SPARE: u64 = 64;

/// Raises the limit of open files as far as the system lets it.
///
/// # Errors
/// When that is too low for so many connections.
pub fn allow(connections: usize) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised)?;
    let wanted = connections as u64 + SPARE;
    ensure!(
        limit.maximum.is_none_or(|maximum| maximum >= wanted),
        "{connections} connections need {wanted} open files and the hard limit is {}: raise it \
         (`ulimit -Hn`, or LimitNOFILE= of the service)",
        limit.maximum.unwrap_or_default()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_connections_than_the_system_allows_are_refused_in_words() {
        assert!(allow(1).is_ok());
        if getrlimit(Resource::Nofile).maximum.is_some() {
            let error = allow(usize::try_from(u32::MAX).expect("fits")).expect_err("too many");
            assert!(error.to_string().contains("ulimit -Hn"), "{error}");
        }
    }
}
