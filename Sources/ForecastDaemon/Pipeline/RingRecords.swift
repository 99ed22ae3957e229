// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import StateStore
import WireFormat
import ZeroMQ

/// An observation on its way to an engine: time, value, input, whether timed by arrival and what it is, in 8 bytes
/// each but for the last three, which share 8; then the stream's id.
///
/// Messages of producers begin and end with records of their own, of which there are also positions.
struct ObservationRecord {
    private enum Kind: UInt16 {
        case own, copy
        /// Number of the message and most observations, whether it is resumed; then the producer's key.
        case messageBegins
        case messageEnds
        /// The position that all before it is part of.
        case position
    }

    private static let headLength = 24
    /// The most bytes of a record.
    static let maximumLength = headLength + max(StreamIdentifier.maximumLength, ProducerNumbers.longestKey)

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
        body.storeBytes(
            of: (isCopy ? Kind.copy : .own).rawValue, toByteOffset: 22, as: UInt16.self)
        body.copy(identifier, to: Self.headLength)
        return true
    }

    /// Appends the beginning of a message; false if there is no room.
    static func appendBeginning(
        of message: NumberedMessage, _ key: RawSpan, observations count: Int, to writer: inout RecordWriter
    ) -> Bool {
        guard let body = append(.messageBegins, message.number, length: key.byteCount, to: &writer) else {
            return false
        }
        body.storeBytes(of: count, toByteOffset: 8, as: Int.self)
        body.storeBytes(of: message.isResumed ? 1 : 0, toByteOffset: 20, as: UInt16.self)
        body.copy(key, to: headLength)
        return true
    }

    /// Appends the end of a message; false if there is no room.
    static func appendEnd(to writer: inout RecordWriter) -> Bool {
        append(.messageEnds, 0, to: &writer) != nil
    }

    /// Appends a position; false if there is no room.
    static func append(position: UInt64, to writer: inout RecordWriter) -> Bool {
        append(.position, position, to: &writer) != nil
    }

    private static func append(
        _ kind: Kind, _ number: UInt64, length: Int = 0, to writer: inout RecordWriter
    ) -> UnsafeMutableRawBufferPointer? {
        guard let body = writer.append(headLength + length) else { return nil }
        body.storeBytes(of: number, as: UInt64.self)
        body.storeBytes(of: kind.rawValue, toByteOffset: 22, as: UInt16.self)
        return body
    }

    /// The position that a record is; nil if it is something else.
    static func position(of record: UnsafeRawBufferPointer) -> UInt64? {
        record.load(fromByteOffset: 22, as: UInt16.self) == Kind.position.rawValue
            ? record.load(as: UInt64.self) : nil
    }

    /// Hands a record that is no position to an engine; false if the engine has no room.
    static func offer(
        _ record: UnsafeRawBufferPointer, to stage: inout EngineStage<LocalDisk>, at now: Timestamp
    )
        -> Bool
    {
        let kind = Kind(rawValue: record.load(fromByteOffset: 22, as: UInt16.self))
        if kind == .messageEnds {
            stage.endMessage()
            return true
        }
        if kind == .messageBegins {
            let message = NumberedMessage(
                number: record.load(as: UInt64.self),
                isResumed: record.load(fromByteOffset: 20, as: UInt16.self) == 1)
            return stage.beginMessage(
                message, of: UnsafeRawBufferPointer(rebasing: record[headLength...]).bytes,
                observations: record.load(fromByteOffset: 8, as: Int.self), at: now)
        }
        let observation = Observation(
            time: Timestamp(nanoseconds: record.load(as: Int64.self)),
            value: record.load(fromByteOffset: 8, as: Double.self),
            isTimedByArrival: record.load(fromByteOffset: 20, as: UInt16.self) == 1)
        let identifier = UnsafeRawBufferPointer(rebasing: record[headLength...])
        return stage.accept(
            observation, of: identifier.bytes, input: Int(record.load(fromByteOffset: 16, as: UInt32.self)),
            isCopy: kind == .copy, at: now)
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
