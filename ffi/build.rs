//! Gives the shared library its name, which carries the version of the binary interface, and keeps it loaded: its threads
//! would outlive a `dlclose`.

const ABI: &str = "1";

#[expect(clippy::disallowed_methods, reason = "that is how Cargo talks to build scripts")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let arguments: &[String] = match target.as_str() {
        "macos" => &[format!("-Wl,-install_name,@rpath/libgateway.{ABI}.dylib")],
        "windows" => &[],
        _ => &[format!("-Wl,-soname,libgateway.so.{ABI}"), "-Wl,-z,nodelete".to_owned()],
    };
    for argument in arguments {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
}
