//! How each server program is laid out, started, waited for and read.
