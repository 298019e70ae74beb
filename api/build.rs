//! Compiles the proto files of the services in pure Rust: no `protoc` has to be installed.

use std::path::PathBuf;

/// The files that import all the others of their service. The market's imports some of the leases'.
const LEASES: &str = "lessor/lease/v1/lease_service.proto";
const MARKET: &str = "lessor/market/v1/market.proto";

/// Where imports are looked for.
const INCLUDES: &str = "proto";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={INCLUDES}");
    let mut compiler = protox::Compiler::new([INCLUDES])?;
    compiler.include_imports(true).include_source_info(true).open_file(LEASES)?;
    tonic_prost_build::configure().compile_fds(compiler.file_descriptor_set())?;
    compiler.open_file(MARKET)?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let beside = out.join("market");
    std::fs::create_dir_all(&beside)?;
    // What it imports of the leases is there already.
    tonic_prost_build::configure()
        .out_dir(beside)
        .extern_path(".lessor.lease.v1", "crate::proto")
        .compile_fds(compiler.file_descriptor_set())?;
    // What reflection answers with, imports included.
    std::fs::write(out.join("lessor.bin"), compiler.encode_file_descriptor_set())?;
    Ok(())
}
