// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormat

struct TextDecoderTests {
    @Test(
        arguments: [
            ("20.5", [.value], Decoded("a", nil, 20.5)), (" 20.5\r\n", [.value], Decoded("a", nil, 20.5)),
            ("3 20.5", [.ts, .value], Decoded("a", 3_000_000_000, 20.5)),
            ("75,42;x", [.skip, .value, .skip], Decoded("a", nil, 42)),
            ("-1e-3", [.value], Decoded("a", nil, -0.001)),
            ("7,,,42", [.skip, .skip, .skip, .value], Decoded("a", nil, 42)),
            ("3 ,\t42 ; x", [.ts, .value, .skip], Decoded("a", 3_000_000_000, 42)),
        ] as [(String, [Column], Decoded)])
    func reads(payload: String, columns: [Column], expected: Decoded) {
        #expect(decode(Array(payload.utf8), as: .text(TextDecoder(columns: columns))) == .success([expected]))
    }

    @Test(
        arguments: [
            ("", [.value], .empty), (" ", [.value], .columnCount), ("1 2", [.value], .columnCount),
            ("1", [.ts, .value], .columnCount), ("x", [.value], .syntax), ("1x", [.value], .syntax),
            ("nan", [.value], .notFinite), ("-inf", [.value], .notFinite), ("info", [.value], .syntax),
            ("0x1p3", [.value], .syntax),
            ("3,,42,x", [.ts, .value, .skip, .skip], .missingValue), (";5", [.value, .skip], .missingValue),
            ("1,,", [.value], .columnCount), ("1e999", [.value], .notFinite),
            ("1e99 1", [.ts, .value], .timestamp),
        ] as [(String, [Column], DecodeError)])
    func refuses(payload: String, columns: [Column], reason: DecodeError) {
        #expect(decode(Array(payload.utf8), as: .text(TextDecoder(columns: columns))) == .failure(reason))
    }

    @Test(
        arguments: [
            (
                "-12 45", [.named("temp"), .named("hum")],
                [Decoded("a.temp", nil, -12), Decoded("a.hum", nil, 45)]
            ),
            (
                "-12 45 9", [.value, .named("x/y"), .ts],
                [Decoded("a", 9_000_000_000, -12), Decoded("a.x/y", 9_000_000_000, 45)]
            ),
        ] as [(String, [Column], [Decoded])])
    func columnsCanBeStreams(payload: String, columns: [Column], expected: [Decoded]) {
        #expect(decode(Array(payload.utf8), as: .text(TextDecoder(columns: columns))) == .success(expected))
    }

    @Test(arguments: [
        ("value", Column.value), ("ts", .ts), ("skip", .skip), (".temp", .named("temp")), ("..", .named(".")),
        (".a b", nil), (".", nil), ("temp", nil), (".\(String(repeating: "x", count: 128))", nil),
    ])
    func columnsAreWritten(text: String, column: Column?) {
        #expect(Column(text) == column)
        if let column { #expect(column.text == text) }
    }
}
