// Part of forecastd. SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// The duration in whole milliseconds, rounded up, so that no wait ends early.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let (product, overflow) = Int(seconds).multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let attosecondsPerMillisecond: Int64 = 1_000_000_000_000_000
        let whole = attoseconds / attosecondsPerMillisecond
        let hasRest = attoseconds % attosecondsPerMillisecond > 0
        return product.addingReportingOverflow(Int(whole) + (hasRest ? 1 : 0)).partialValue
    }
}
