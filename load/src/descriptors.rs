//! The limit of open files of this process.

use anyhow::{Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Open files besides the connections.
const OTHER_FILES: u64 = 64;

/// Raises the limit of open files to the hard limit.
///
/// # Errors
/// When that is too low for this many connections.
pub fn raise_limit(connections: usize) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised)?;
    let wanted = connections as u64 + OTHER_FILES;
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
    fn too_many_connections_are_refused_with_a_remedy() {
        assert!(raise_limit(1).is_ok());
        if getrlimit(Resource::Nofile).maximum.is_some() {
            let error =
                raise_limit(usize::try_from(u32::MAX).expect("fits")).expect_err("too many");
            assert!(error.to_string().contains("ulimit -Hn"), "{error}");
        }
    }
}
