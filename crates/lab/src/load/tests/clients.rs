//! Other clients: their command lines and what they print.
