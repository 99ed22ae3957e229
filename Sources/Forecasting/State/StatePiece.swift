// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A piece of memory that is the state of a stream, besides its record.
enum StatePiece: String {
    case refusals
    case model
    case openTicks = "open ticks"
    case window
    case differences = "times between observations"
    case heldRing = "order of observations that wait"
    case held = "observations that wait"
    case lastValue = "last value"
    case adaptation = "what was learned"
    case anomalies
    case drift
    case checkpoints
    case checkpointLines = "time lines of checkpoints"
    case checkpointStates = "states of checkpoints"
    case checkpointModels = "models of checkpoints"
}

/// A part of a stream's state in writing, which is the same whenever the state is.
package struct StatePart: Equatable, Sendable {
    /// What it is, for people.
    package var name: String
    /// Fields with names, or bytes.
    package var bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) { (self.name, self.bytes) = (name, bytes) }

    /// Where the other one, of the same name, differs first: the text around it, or the byte's number.
    package func difference(from other: StatePart) -> String? {
        guard bytes != other.bytes else { return nil }
        let place = zip(bytes, other.bytes).enumerated().first { $1.0 != $1.1 }?.offset ?? bytes.count
        guard bytes.first == UInt8(ascii: "(") else { return "\(name), byte \(place)" }
        // Back to where the field begins; its name stands before the colon.
        let start = bytes[..<min(place, bytes.count)].lastIndex(of: UInt8(ascii: ",")).map { $0 + 2 } ?? 1
        let field = bytes[start...].prefix { $0 != UInt8(ascii: ",") }
        return "\(name), \(String(decoding: field, as: UTF8.self))"
    }
}

extension ForecastEngine {
    /// The state of the stream in `slot` in writing: equal for two engines of the same plan that say the same from here on.
    ///
    /// Structures are written field by field, because what lies between their fields in memory has no meaning.
    ///
    /// - Precondition: The turn is over.
    package func stateParts(of slot: UInt32) -> [StatePart] {
        var record = records[Int(slot)]
        // These count what has no effect once a turn is over.
        (record.turn, record.waves, record.use) = (0, 0, 0)
        var parts = [StatePart(name: "stream", bytes: Array("(\(record))".utf8))]
        forEachPiece(of: slot, rule: record.rule) { piece, memory in
            var memory = UnsafeRawBufferPointer(memory)
            if piece == .adaptation {
                parts.append(StatePart(name: "adaptation", bytes: StatePiece.head(of: memory)))
                memory = UnsafeRawBufferPointer(
                    rebasing: memory.dropFirst(MemoryLayout<AdaptiveForecaster.Head>.stride))
            }
            parts.append(StatePart(name: piece.rawValue, bytes: piece.writing(memory)))
        }
        return parts
    }
}

extension StatePiece {
    fileprivate func writing(_ memory: UnsafeRawBufferPointer) -> [UInt8] {
        switch self {
        case .openTicks: Self.fields(of: OpenTick.self, memory)
        case .heldRing: Self.fields(of: HeldObservations.Ring.self, memory)
        case .held: Self.fields(of: Observation.self, memory)
        case .lastValue: Self.fields(of: LastValue.self, memory)
        case .anomalies: Self.fields(of: AnomalyState.self, memory)
        case .drift: Self.fields(of: DriftState.self, memory)
        case .checkpointLines: Self.fields(of: Resampler.Progress.self, memory)
        case .checkpointStates: Self.fields(of: CheckpointTable.State.self, memory)
        case .refusals, .model, .window, .differences, .adaptation, .checkpoints, .checkpointModels:
            Array(memory)
        }
    }

    fileprivate static func head(of row: UnsafeRawBufferPointer) -> [UInt8] {
        fields(
            of: AdaptiveForecaster.Head.self,
            UnsafeRawBufferPointer(
                rebasing: row.prefix(
                    MemoryLayout<AdaptiveForecaster.Head>.stride)))
    }

    private static func fields<Row: BitwiseCopyable>(
        of type: Row.Type, _ memory: UnsafeRawBufferPointer
    ) -> [UInt8] {
        let stride = MemoryLayout<Row>.stride
        let rows = (0..<memory.count / stride).map {
            "\(memory.loadUnaligned(fromByteOffset: $0 * stride, as: Row.self))"
        }
        return Array("(\(rows.joined(separator: "; ")))".utf8)
    }
}
