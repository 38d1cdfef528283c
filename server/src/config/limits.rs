//! What one user may take of the node.

use clap::Args;

/// What one user may ask for, over all their devices, and make. Figures that no person meets, and no
/// program but one that floods.
#[derive(Debug, Clone, Args)]
pub struct Limits {
    /// Requests a user may make in a second for as long as they like, and ten times as many at once; a
    /// message sent is one, a page of messages up to eleven; 0 is no limit
    #[arg(
        long,
        env = "TIDINGS_USER_REQUESTS",
        default_value_t = 200,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(..=1_000_000)
    )]
    pub user_requests: u32,

    /// Bytes of text a user may send in a second for as long as they like, and thirty times as many at
    /// once; 0 is no limit
    #[arg(
        long,
        env = "TIDINGS_USER_BYTES",
        default_value_t = 65_536,
        value_name = "BYTES",
        value_parser = clap::value_parser!(u32).range(..=100_000_000)
    )]
    pub user_bytes: u32,

    /// Members a user may add to groups in an hour, all of them at once if they like; 0 is no limit
    #[arg(
        long,
        env = "TIDINGS_USER_ADDITIONS",
        default_value_t = 20_000,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(..=100_000_000)
    )]
    pub user_additions: u32,

    /// Groups a user may own
    #[arg(
        long,
        env = "TIDINGS_MAX_GROUPS_OWNED",
        default_value_t = 200,
        value_name = "N"
    )]
    pub max_groups_owned: u32,

    /// Groups a user may be in; each costs memory in each of their connections, see the operations
    /// guide
    #[arg(
        long,
        env = "TIDINGS_MAX_GROUPS",
        default_value_t = 1000,
        value_name = "N"
    )]
    pub max_groups: u32,

    /// Megabytes that stay free on the disk of a SQLite file: with less, nothing new is taken, until
    /// there is more again; 0 is no floor
    #[arg(
        long,
        env = "TIDINGS_DISK_FLOOR_MB",
        default_value_t = 256,
        value_name = "MB"
    )]
    pub disk_floor_mb: u64,
}
