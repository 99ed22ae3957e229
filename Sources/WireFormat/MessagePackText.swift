// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// MessagePack as JSON, for eyes and for programs that read JSON.
///
/// It allocates as it likes: nothing in the daemon's data path calls it.
package enum MessagePackText {
    /// The JSON text that says what `message` says; nil if it is no MessagePack, or has something that JSON has
    /// not: names that are no text, bytes, extensions.
    package static func json(_ message: RawSpan) -> [UInt8]? {
        message.withUnsafeBytes { bytes in
            guard !bytes.isEmpty else { return nil }
            var scanner = MessagePackScanner(bytes)
            var text: [UInt8] = []
            do throws(DecodeError) { try append(&scanner, to: &text) } catch { return nil }
            return scanner.isAtEnd ? text : nil
        }
    }

    private static func append(_ scanner: inout MessagePackScanner, to text: inout [UInt8])
        throws(DecodeError)
    {
        if scanner.isAtObject {
            try appendObject(&scanner, to: &text)
        } else if scanner.isAtArray {
            var state = try scanner.beginArray()
            var separator = "["
            if state == 0 { text += "[".utf8 }
            while try scanner.nextElement(&state) {
                text += separator.utf8
                separator = ","
                try append(&scanner, to: &text)
            }
            text += "]".utf8
        } else if scanner.isAtString {
            try appendString(try scanner.string(), to: &text)
        } else {
            text += try scanner.literal().utf8
        }
    }

    private static func appendObject(
        _ scanner: inout MessagePackScanner, to text: inout [UInt8]
    ) throws(DecodeError) {
        var state = try scanner.beginObject()
        var separator = "{"
        if state == 0 { text += "{".utf8 }
        while let name = try scanner.nextField(&state) {
            text += separator.utf8
            separator = ","
            try appendString(name, to: &text)
            text += ":".utf8
            try append(&scanner, to: &text)
        }
        text += "}".utf8
    }

    private static func appendString(
        _ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]
    ) throws(DecodeError) {
        guard let string = String(validating: bytes, as: UTF8.self) else { throw .encoding }
        text += ForecastEncoder.quoted(string).utf8
    }
}
