// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Nanoseconds and allocations for reading a message and writing a forecast, beside the C library reading and
// writing the same numbers. One JSON object per line.
//
// Usage: codec-bench MILLISECONDS     (per piece of work)

guard CommandLine.arguments.count == 2, let milliseconds = Double(CommandLine.arguments[1]) else {
    fatalError("usage: codec-bench MILLISECONDS")
}
measureDecoding(milliseconds: milliseconds)
measureEncoding(milliseconds: milliseconds)
measureLibrary(milliseconds: milliseconds)
