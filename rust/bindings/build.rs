//! Lets the tests and benches, which embed Python, find the library that they were linked to.

fn main() {
    pyo3_build_config::add_libpython_rpath_link_args();
}
