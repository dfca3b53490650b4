//! Recordings outside of a cluster: as plain files that people can read, and from the wire to what core folds.
