// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// The daemon's own step under the worker protocol of StepHarness.h.
//
// Usage: step-worker [float32 | bf16]     (float32 if left out)

import Glibc
import RecurrentKernels
import StepHarness

/// The command line.
private enum Options {
    /// Nil if there is no precision of that name.
    static let precision = CommandLine.argc < 2 ? .float32 : Precision(rawValue: CommandLine.arguments[1])
}

private typealias StepperPointer = UnsafeMutablePointer<Stepper>

private func stepper(_ opaque: UnsafeMutableRawPointer?) -> StepperPointer {
    opaque!.assumingMemoryBound(to: Stepper.self)
}

private let implementation = step_implementation(
    open: { model, batch in
        guard let precision = Options.precision, Precision.available.contains(precision) else { return nil }
        let pointer = StepperPointer.allocate(capacity: 1)
        pointer.initialize(
            to: Stepper(RecurrentWeights(model!.pointee), precision: precision, batch: Int(batch)))
        return UnsafeMutableRawPointer(pointer)
    },
    reset: { stepper($0).pointee.reset() },
    step: { stepper($0).pointee.advance($1!, $2!) },
    close: {
        stepper($0).deinitialize(count: 1)
        stepper($0).deallocate()
    })

guard Options.precision != nil else {
    print("usage: step-worker [float32 | bf16]")
    exit(64)
}
withUnsafePointer(to: implementation) { _ = run_step_worker($0) }
