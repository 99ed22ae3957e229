// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Forecasting
import Foundation

@testable import ForecastDaemon
@testable import RecurrentKernels

/// Files of models and of messages.
enum Files {
    /// A model file is refused, or its tensors fill it without gaps and have the numbers that their shapes say.
    static func safetensors(_ input: UnsafeRawBufferPointer) {
        // The fuzzer need not find the header's length.
        var bytes = Array(input)
        if bytes.first == 0, let end = bytes.lastIndex(of: UInt8(ascii: "}")), end > 8 {
            withUnsafeBytes(of: UInt64(end - 7).littleEndian) { bytes.replaceSubrange(0..<8, with: $0) }
        }
        guard let file = try? SafetensorsFile(bytes: bytes) else { return }
        var place = 0
        for tensor in file.tensors {
            expect(tensor.range.lowerBound == place, "a gap before \(tensor)")
            place = tensor.range.upperBound
            if let floats = try? file.floats(of: tensor) {
                expect(
                    floats.count == tensor.shape.reduce(1, *) && floats.allSatisfy(\.isFinite), "\(tensor)")
            }
        }
        expect(Set(file.tensors.map(\.name)).count == file.tensors.count, "a name twice")
        _ = try? ModelMetadata(file.metadata, path: "m")
        guard let weights = try? RecurrentWeights(discoveringIn: file) else { return }
        let count = weights.layers.reduce(0) { $0 + $1.input.count + $1.recurrent.count }
        expect(count * 2 <= bytes.count, "\(count) weights of \(bytes.count) bytes")
    }

    /// A message of a recording is written as it is read; of a file that is damaged only the messages before that are given.
    static func recording(_ input: UnsafeRawBufferPointer) {
        var choices = Choices(input)
        let isDamaged = choices.byte() & 1 == 1
        guard isDamaged else {
            guard let message = RecordingFormat.message(of: Array(choices.rest)) else { return }
            let record = RecordingFormat.record(of: message)
            expect(RecordingFormat.message(of: Array(record.dropFirst(8))) == message, "\(message)")
            return
        }
        let messages = (1...3).map { number in
            RecordedMessage(
                arrival: .init(nanoseconds: Int64(number)), input: "plant",
                frames: [Array("a".utf8), [UInt8](repeating: 48, count: number)])
        }
        let bytes = RecordingFormat.header + messages.flatMap { RecordingFormat.record(of: $0) }
        let damaged = Damage.apply(&choices, to: bytes)
        let path = "/dev/shm/fuzz-recording-\(getpid())"
        expect(FileManager.default.createFile(atPath: path, contents: Data(damaged)), "cannot write \(path)")
        defer { unlink(path) }
        guard var reader = try? RecordingReader(path: path) else { return }
        var read: [RecordedMessage] = []
        while let message = try? reader.next() { read.append(message) }
        expect(damaged != bytes || read == messages, "\(read.count) messages of a file that is whole")
        // Whole messages may stand there again, moved to another place.
        expect(read.allSatisfy(messages.contains), "a message that was never written")
    }
}

/// Changes of a file that a disk or a person may make.
enum Damage {
    /// Turns bits, overwrites, copies, cuts and lengthens, as `choices` say.
    static func apply(_ choices: inout Choices, to bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        while !choices.rest.isEmpty, bytes.count < 1 << 16 {
            let kind = choices.byte() % 6
            let place = choices.index(below: max(1, bytes.count))
            let count = min(Int(choices.byte()) + 1, bytes.count - place)
            let range = place..<place + count
            switch kind {
            case 0 where !bytes.isEmpty: bytes[place] ^= choices.byte()
            case 1: bytes.replaceSubrange(range, with: repeatElement(0, count: count))
            case 2:
                let target = choices.index(below: max(1, bytes.count))
                bytes.replaceSubrange(target..<min(target + count, bytes.count), with: bytes[range])
            case 3: bytes.removeSubrange(range)
            case 4: bytes.removeSubrange(place...)
            default: bytes += bytes[range]
            }
        }
        return bytes
    }
}
