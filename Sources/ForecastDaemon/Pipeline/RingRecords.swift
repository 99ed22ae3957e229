// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore
import WireFormat
import ZeroMQ

/// An observation on its way to an engine: time, value, input, whether timed by arrival and whether a copy, in 8 bytes
/// each but for the last three, which share 8; then the stream's id.
struct ObservationRecord {
    private static let headLength = 24
    /// The most bytes of a record.
    static let maximumLength = headLength + StreamIdentifier.maximumLength

    private let observation: Observation
    private let input: Int
    private let isCopy: Bool

    init(_ observation: Observation, input: Int, isCopy: Bool = false) {
        self.observation = observation
        self.input = input
        self.isCopy = isCopy
    }

    /// Appends the record; false if there is no room.
    func append(_ identifier: RawSpan, to writer: inout RecordWriter) -> Bool {
        guard let body = writer.append(Self.headLength + identifier.byteCount) else { return false }
        body.storeBytes(of: observation.time.nanoseconds, as: Int64.self)
        body.storeBytes(of: observation.value, toByteOffset: 8, as: Double.self)
        body.storeBytes(of: UInt32(input), toByteOffset: 16, as: UInt32.self)
        body.storeBytes(of: observation.isTimedByArrival ? 1 : 0, toByteOffset: 20, as: UInt16.self)
        body.storeBytes(of: isCopy ? 1 : 0, toByteOffset: 22, as: UInt16.self)
        body.copy(identifier, to: Self.headLength)
        return true
    }

    /// Hands a record to an engine; false if the engine has no room.
    static func offer(
        _ record: UnsafeRawBufferPointer, to stage: inout EngineStage<LocalDisk>, at now: Timestamp
    )
        -> Bool
    {
        let observation = Observation(
            time: Timestamp(nanoseconds: record.load(as: Int64.self)),
            value: record.load(fromByteOffset: 8, as: Double.self),
            isTimedByArrival: record.load(fromByteOffset: 20, as: UInt16.self) == 1)
        let identifier = UnsafeRawBufferPointer(rebasing: record[headLength...])
        return stage.accept(
            observation, of: identifier.bytes, input: Int(record.load(fromByteOffset: 16, as: UInt32.self)),
            isCopy: record.load(fromByteOffset: 22, as: UInt16.self) == 1, at: now)
    }
}

/// A forecast on its way to the sockets: `sequence`, `output`, the id's length, each 8 bytes, then id and payload.
struct ForecastRecord {
    private static let headLength = 24

    let sequence: UInt64
    let output: Int

    /// The bytes of a record.
    static func length(payload: Int, stream: Int) -> Int { headLength + stream + payload }

    /// Appends the record; false if there is no room.
    func append(_ payload: RawSpan, of stream: RawSpan, to writer: inout RecordWriter) -> Bool {
        let length = Self.length(payload: payload.byteCount, stream: stream.byteCount)
        guard let body = writer.append(length) else { return false }
        body.storeBytes(of: sequence, as: UInt64.self)
        body.storeBytes(of: output, toByteOffset: 8, as: Int.self)
        body.storeBytes(of: stream.byteCount, toByteOffset: 16, as: Int.self)
        body.copy(stream, to: Self.headLength)
        body.copy(payload, to: Self.headLength + stream.byteCount)
        return true
    }

    /// Publishes a record.
    static func publish<Sink: ForecastSink & ~Copyable>(
        _ record: UnsafeRawBufferPointer, to sink: inout Sink
    ) throws(ZeroMQError) {
        let payloadStart = headLength + record.load(fromByteOffset: 16, as: Int.self)
        let stream = UnsafeRawBufferPointer(rebasing: record[headLength..<payloadStart])
        let payload = UnsafeRawBufferPointer(rebasing: record[payloadStart...])
        try sink.publish(
            payload.bytes, stream: stream.bytes, sequence: record.load(as: UInt64.self),
            output: record.load(fromByteOffset: 8, as: Int.self))
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Copies all of `bytes` to `offset`.
    fileprivate func copy(_ bytes: RawSpan, to offset: Int) {
        bytes.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(rebasing: self[offset...]).copyMemory(from: $0)
        }
    }
}
