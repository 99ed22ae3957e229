// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import AllocationCounter
import Glibc

/// Measures `work` on every sample again and again for `milliseconds` and prints one JSON object: the median
/// nanoseconds of one sample and the allocations it took.
func measure(_ name: String, milliseconds: Double, work: (Int) -> Void) {
    let clock = ContinuousClock()
    let end = clock.now + .milliseconds(milliseconds)
    var passes: [Double] = []
    passes.reserveCapacity(1 << 20)
    for index in 0..<Samples.count { work(index) }
    let allocationsBefore = allocation_count()
    repeat {
        let duration = clock.measure { for index in 0..<Samples.count { work(index) } }
        passes.append(duration / .nanoseconds(1))
    } while clock.now < end && passes.count < passes.capacity
    let allocations = allocation_count() - allocationsBefore
    passes.sort()
    let nanoseconds = passes[passes.count / 2] / Double(Samples.count)
    let allocationsEach = Double(allocations) / Double(passes.count * Samples.count)
    print(#"{"work": "\#(name)", "ns": \#(nanoseconds), "allocations": \#(allocationsEach)}"#)
}
