// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Numbers that streams go on with which begin anew when they come: within one life of the daemon, the sequence numbers
/// of a topic never go back.
struct CarriedNumbers: ~Copyable {
    /// The last numbers of a stream's forecasts and of its alarms.
    struct Numbers: BitwiseCopyable {
        var sequence: UInt64
        var alarmChanges: UInt64
    }

    private(set) var streams: StreamTable
    private var numbers: [Numbers] = []

    /// Has room for the numbers of so many streams.
    init(capacity: Int, seed: UInt64) { streams = StreamTable(capacity: max(1, capacity), seed: seed) }

    /// Streams that have not come since.
    var count: Int { numbers.count }

    /// Keeps the numbers of a stream.
    mutating func keep(_ identifier: RawSpan, _ new: Numbers) {
        if let slot = streams.slot(of: identifier) {
            numbers[Int(slot)] = new
        } else {
            _ = streams.insert(identifier)
            numbers.append(new)
        }
    }

    /// The numbers of a stream; nil if it goes on with none.
    func numbers(of identifier: RawSpan) -> Numbers? {
        guard !numbers.isEmpty, let slot = streams.slot(of: identifier) else { return nil }
        return numbers[Int(slot)]
    }

    /// The numbers in a slot of `streams`.
    subscript(slot: UInt32) -> Numbers { numbers[Int(slot)] }
}
