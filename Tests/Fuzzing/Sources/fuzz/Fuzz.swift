// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Gives bytes to the target that FUZZ_TARGET names: what libFuzzer, whose `main` the program has, calls.
///
/// All arguments are libFuzzer's: options, folders of inputs to go on from, or files of inputs to run once.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzTarget.chosen.body(UnsafeRawBufferPointer(start: start, count: count))
    return 0
}
