// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// The daemon's own step under the worker protocol of StepHarness.h.

import RecurrentKernels
import StepHarness

private typealias StepperPointer = UnsafeMutablePointer<Stepper>

private func stepper(_ opaque: UnsafeMutableRawPointer?) -> StepperPointer {
    opaque!.assumingMemoryBound(to: Stepper.self)
}

private let implementation = step_implementation(
    open: { model, batch in
        let pointer = StepperPointer.allocate(capacity: 1)
        pointer.initialize(to: Stepper(RecurrentWeights(model!.pointee), batch: Int(batch)))
        return UnsafeMutableRawPointer(pointer)
    },
    reset: { stepper($0).pointee.reset() },
    step: { stepper($0).pointee.advance($1!, $2!) },
    close: {
        stepper($0).deinitialize(count: 1)
        stepper($0).deallocate()
    })

withUnsafePointer(to: implementation) { _ = run_step_worker($0) }
