//! Address translation in the manner of Google Cloud NAT, on the kernel's own tables.
