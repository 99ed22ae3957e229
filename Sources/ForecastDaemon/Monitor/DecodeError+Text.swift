// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import WireFormat

extension DecodeError {
    /// Why a message could not be read, in words that end a sentence, with the key of its input that may help.
    package var reason: String {
        switch self {
        case .frameCount: "it has neither two or three frames, nor one with a blank between id and payload"
        case .sequence: "its third frame is not 8 bytes long"
        case .identifier:
            "its first frame is no id: it is empty, above 128 bytes, or has a character beyond A-Z a-z 0-9 . _ : / -"
        case .empty: "its payload has no bytes"
        case .syntax: "its payload is not written as the input's format says"
        case .encoding: "its payload is not UTF-8"
        case .depth: "its payload nests deeper than 32 levels"
        case .wrongType:
            "a field is of another type than it should be; is it just a number? format: text; in quotes? numbers_as_text: true"
        case .duplicateField: "a field stands there twice"
        case .missingValue: "it has no value; has its field another name? fields: {value: …}"
        case .notFinite: "a number is infinite, too large, or NaN"
        case .timestamp:
            "its time is not RFC 3339 with Z or an offset, or beyond the years 1678 to 2262; seconds or milliseconds? time_unit: ms"
        case .columnCount: "it has more or fewer columns than columns: […] says"
        case .tooManyObservations: "it has more than 1024 observations"
        case .streamsPerPeer:
            "one of its streams is new, and its sender has brought streams_per_peer others, or there are no more shares"
        case .header: "its first frame is nothing that a producer says"
        }
    }
}
