// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// Why saved state cannot be read.
package struct StateError: Error, CustomStringConvertible {
    /// What was expected, and what was found.
    package let description: String

    /// Makes an error.
    package init(_ description: String) { self.description = description }
}

/// State on its way back into an engine.
package struct StateReader: ~Copyable {
    private let next: () throws(StateError) -> [UInt8]?
    private var chunk: [UInt8] = []
    private var place = 0

    /// Begins to read; `next` gives chunk after chunk as a `StateWriter` made them, then nil.
    package init(_ next: @escaping () throws(StateError) -> [UInt8]?) { self.next = next }

    /// Fills `buffer` with the next bytes.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(StateError) {
        var done = 0
        while done < buffer.count {
            if place == chunk.count {
                guard let chunk = try next() else {
                    throw StateError("expected \(buffer.count - done) bytes more, found the end")
                }
                (self.chunk, place) = (chunk, 0)
            }
            let count = min(buffer.count - done, chunk.count - place)
            chunk.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[place..<place + count]))
            }
            place += count
            done += count
        }
    }

    /// Reads a value as it lay in memory.
    mutating func read<Value: BitwiseCopyable>(as type: Value.Type) throws(StateError) -> Value {
        var error: StateError?
        let value = withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { memory in
            do throws(StateError) {
                let bytes = UnsafeMutableRawBufferPointer(memory)
                try read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<MemoryLayout<Value>.size]))
                return Value?.some(memory[0])
            } catch let failure {
                error = failure
                return nil
            }
        }
        guard let value else { throw error! }
        return value
    }

    /// Fills `buffer` with a section, which has as many bytes.
    mutating func read(sectionInto buffer: UnsafeMutableRawBufferPointer) throws(StateError) {
        let count = try read(as: UInt64.self)
        guard count == UInt64(buffer.count) else {
            throw StateError("expected a section of \(buffer.count) bytes, found one of \(count)")
        }
        try read(into: buffer)
    }

    /// Reads a section as a row of at most `limit` values.
    mutating func readRow<Value: BitwiseCopyable>(of type: Value.Type, atMost limit: Int) throws(StateError)
        -> [Value]
    {
        let byteCount = try read(as: UInt64.self)
        let stride = UInt64(MemoryLayout<Value>.stride)
        guard byteCount % stride == 0, byteCount / stride <= UInt64(limit) else {
            throw StateError("expected at most \(limit) values of \(stride) bytes, found \(byteCount) bytes")
        }
        guard byteCount > 0 else { return [] }
        let bytes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Int(byteCount), alignment: MemoryLayout<Value>.alignment)
        defer { bytes.deallocate() }
        try read(into: bytes)
        return Array(bytes.bindMemory(to: Value.self))
    }

    /// Passes over a section.
    mutating func skipSection() throws(StateError) {
        let count = try read(as: UInt64.self)
        guard count <= UInt64(Int.max) else { throw StateError("expected a section, found \(count) bytes") }
        try skip(Int(count))
    }

    /// Passes over bytes.
    mutating func skip(_ count: Int) throws(StateError) {
        var rest = count
        while rest > chunk.count - place {
            rest -= chunk.count - place
            guard let chunk = try next() else {
                throw StateError("expected \(rest) bytes more, found the end")
            }
            (self.chunk, place) = (chunk, 0)
        }
        place += rest
    }
}
