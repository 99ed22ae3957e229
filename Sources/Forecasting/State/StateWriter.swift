// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// State on its way out of an engine: bytes in a row, cut into chunks wherever one is full.
package struct StateWriter: ~Copyable {
    /// Bytes of every chunk but the last.
    package static let chunkLength = 1 << 20

    private var chunk: [UInt8] = []
    private var full: [[UInt8]] = []

    /// Nothing has been written.
    package init() {}

    /// Bytes that nobody has taken yet.
    package var byteCount: Int { full.count * Self.chunkLength + chunk.count }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if chunk.capacity < Self.chunkLength { chunk.reserveCapacity(Self.chunkLength) }
            let count = min(rest.count, Self.chunkLength - chunk.count)
            chunk.append(contentsOf: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
            rest = rest.dropFirst(count)
            if chunk.count == Self.chunkLength { finish() }
        }
    }

    mutating func append<Value: BitwiseCopyable>(_ value: Value) {
        withUnsafeBytes(of: value) { append($0) }
    }

    /// Appends bytes behind their number.
    mutating func append(section: UnsafeRawBufferPointer) {
        append(UInt64(section.count))
        append(section)
    }

    /// Appends the bytes of a row of values behind their number.
    mutating func append<Value: BitwiseCopyable>(row: [Value]) {
        row.withUnsafeBytes { append(section: $0) }
    }

    /// Ends the last chunk, which may be a short one.
    mutating func finish() {
        guard !chunk.isEmpty else { return }
        full.append(chunk)
        chunk = []
    }

    /// The first of the finished chunks; nil while there is none.
    package mutating func takeChunk() -> [UInt8]? { full.isEmpty ? nil : full.removeFirst() }
}
