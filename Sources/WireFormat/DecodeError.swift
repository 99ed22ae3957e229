// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Why a message was dropped.
public enum DecodeError: UInt8, Error, CaseIterable, Sendable {
    /// The message does not have one, two or three frames, or its one frame has no blank.
    case frameCount
    /// The third frame is not 8 bytes long.
    case sequence
    /// The stream id is empty, too long, or has a character that no id has.
    case identifier
    /// The payload is empty.
    case empty
    /// The payload does not follow its format's grammar.
    case syntax
    /// The payload has bytes that are not UTF-8, or an escape that stands for no character.
    case encoding
    /// The payload nests deeper than 32 levels.
    case depth
    /// A field has another type than it should have.
    case wrongType
    /// A field that is read stands there twice.
    case duplicateField
    /// The payload has no value, or a null one.
    case missingValue
    /// A number is too large for double precision, infinite, or written as NaN.
    case notFinite
    /// The time cannot be understood, or lies outside the years 1678 to 2262.
    case timestamp
    /// The text has fewer or more columns than the configuration says.
    case columnCount
    /// The message has more observations than one message may have.
    case tooManyObservations
    /// The first frame is nothing that a producer says to a loss-free input.
    case header
    /// One of its streams is new, and the peer has brought as many as it may.
    case streamsPerPeer

    /// The reason's name in logs and metrics.
    public var label: String {
        switch self {
        case .frameCount: "frame_count"
        case .sequence: "sequence"
        case .identifier: "identifier"
        case .empty: "empty"
        case .syntax: "syntax"
        case .encoding: "encoding"
        case .depth: "depth"
        case .wrongType: "wrong_type"
        case .duplicateField: "duplicate_field"
        case .missingValue: "missing_value"
        case .notFinite: "not_finite"
        case .timestamp: "timestamp"
        case .columnCount: "column_count"
        case .tooManyObservations: "too_many_observations"
        case .header: "header"
        case .streamsPerPeer: "streams_per_peer"
        }
    }
}
