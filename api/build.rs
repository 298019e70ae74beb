//! Compiles the service's proto files in pure Rust: no `protoc` has to be installed.

use std::path::PathBuf;

/// The file that imports all the others.
const ROOT: &str = "lessor/lease/v1/lease_service.proto";

/// Where imports are looked for.
const INCLUDES: &str = "proto";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={INCLUDES}");
    let mut compiler = protox::Compiler::new([INCLUDES])?;
    compiler.include_imports(true).include_source_info(true).open_file(ROOT)?;
    // What reflection answers with, imports included.
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("lessor.lease.v1.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure().compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
