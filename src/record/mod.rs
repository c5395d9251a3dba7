//! From the tape to files.
