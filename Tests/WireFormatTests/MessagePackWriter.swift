// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Writes MessagePack for tests: values as they are given, each in its shortest form.
enum MessagePackValue {
    case null
    case boolean(Bool)
    case integer(Int64)
    case double(Double)
    case float(Float)
    case text(String)
    case bytes([UInt8])
    case array([MessagePackValue])
    case map([(String, MessagePackValue)])
    /// A time as the extension -1.
    case time(seconds: Int64, nanoseconds: UInt32)
    /// Bytes that stand as they are.
    case raw([UInt8])

    var encoded: [UInt8] {
        switch self {
        case .null: [0xC0]
        case .boolean(let value): [value ? 0xC3 : 0xC2]
        case .integer(let value): Self.integer(value)
        case .double(let value): [0xCB] + Self.bigEndian(value.bitPattern)
        case .float(let value): [0xCA] + Self.bigEndian(value.bitPattern)
        case .text(let text): Self.head(0xA0, 32, [0xD9, 0xDA, 0xDB], text.utf8.count) + text.utf8
        case .bytes(let bytes): Self.head(0, 0, [0xC4, 0xC5, 0xC6], bytes.count) + bytes
        case .array(let values):
            Self.head(0x90, 16, [0xDC, 0xDC, 0xDD], values.count) + values.flatMap(\.encoded)
        case .map(let fields):
            Self.head(0x80, 16, [0xDE, 0xDE, 0xDF], fields.count)
                + fields.flatMap { Self.text($0).encoded + $1.encoded }
        case .time(let seconds, let nanoseconds):
            if seconds >> 34 != 0 {
                [0xC7, 12, 0xFF] + Self.bigEndian(nanoseconds) + Self.bigEndian(seconds)
            } else if nanoseconds == 0 && seconds >> 32 == 0 {
                [0xD6, 0xFF] + Self.bigEndian(UInt32(seconds))
            } else {
                [0xD7, 0xFF] + Self.bigEndian(UInt64(nanoseconds) << 34 | UInt64(seconds))
            }
        case .raw(let bytes): bytes
        }
    }

    private static func integer(_ value: Int64) -> [UInt8] {
        switch value {
        case -32...127: [UInt8(truncatingIfNeeded: value)]
        case 0...0xFF: [0xCC, UInt8(value)]
        case 0...0xFFFF: [0xCD] + bigEndian(UInt16(value))
        case 0...0xFFFF_FFFF: [0xCE] + bigEndian(UInt32(value))
        case 0...: [0xCF] + bigEndian(value)
        case (-128)...: [0xD0, UInt8(truncatingIfNeeded: value)]
        case (-32768)...: [0xD1] + bigEndian(Int16(value))
        case (-1 << 31)...: [0xD2] + bigEndian(Int32(value))
        default: [0xD3] + bigEndian(value)
        }
    }

    /// The head of what has a length: a short form, or one of 1, 2 or 4 bytes; arrays and maps have none of 1.
    private static func head(_ short: UInt8, _ shortLimit: Int, _ long: [UInt8], _ count: Int) -> [UInt8] {
        if count < shortLimit { return [short | UInt8(count)] }
        if count < 0x100 && long[0] != long[1] { return [long[0], UInt8(count)] }
        if count < 0x1_0000 { return [long[1]] + bigEndian(UInt16(count)) }
        return [long[2]] + bigEndian(UInt32(count))
    }

    static func bigEndian<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}

extension MessagePackValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral {
    init(dictionaryLiteral elements: (String, MessagePackValue)...) { self = .map(elements) }
    init(arrayLiteral elements: MessagePackValue...) { self = .array(elements) }
}

extension MessagePackValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral
{
    init(integerLiteral value: Int64) { self = .integer(value) }
    init(floatLiteral value: Double) { self = .double(value) }
    init(stringLiteral value: String) { self = .text(value) }
}
