// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Testing
import WireFormat

struct MessageFramesTests {
    @Test(arguments: [("a 1", 1, 2), ("a  1", 1, 2), ("a ", 1, 2), (" 1", 0, 1)])
    func splitsAtTheFirstBlank(frame: String, identifierEnd: Int, payloadStart: Int) throws {
        let parts = try MessageFrames.split(frame.utf8.span.bytes)
        #expect(parts.identifier == 0..<identifierEnd)
        #expect(parts.payload == payloadStart..<frame.utf8.count)
    }

    @Test func oneFrameWithoutABlankIsNoMessage() {
        #expect(throws: DecodeError.frameCount) { try MessageFrames.split("abc".utf8.span.bytes) }
    }

    @Test func sequencesAreEightOrFourBytesLittleEndian() throws {
        let bytes: [UInt8] = [1, 2, 0, 0, 0, 0, 0, 128]
        #expect(try MessageFrames.sequence(from: bytes.span.bytes) == .bits64(0x8000_0000_0000_0201))
        #expect(try MessageFrames.sequence(from: bytes.span.extracting(4..<8).bytes) == .bits32(0x8000_0000))
        for count in [0, 1, 3, 5, 7] {
            #expect(throws: DecodeError.sequence) {
                try MessageFrames.sequence(from: bytes.span.extracting(0..<count).bytes)
            }
        }
    }

    @Test func everyReasonHasAnotherLabel() {
        #expect(Set(DecodeError.allCases.map(\.label)).count == DecodeError.allCases.count)
        #expect(DecodeError.allCases.allSatisfy { $0.label.allSatisfy { $0.isLowercase || $0 == "_" } })
    }
}
