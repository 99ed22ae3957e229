// Part of forecastd. SPDX-License-Identifier: Apache-2.0

/// A model file in the safetensors format, read strictly.
///
/// The file is an 8-byte little-endian header length, a JSON header that gives each tensor's type, shape and
/// place, and the tensors' bytes without gaps. Everything that a header says is checked before it is used:
/// files come from elsewhere.
/// - SeeAlso: The format's description in the huggingface/safetensors repository.
public struct SafetensorsFile: Sendable {
    /// The types of elements.
    public enum ElementType: String, Sendable, CaseIterable {
        /// IEEE 754, 64, 32 or 16 bits.
        case F64, F32, F16
        /// The upper half of an `F32`.
        case BF16
        /// Types that no weight has.
        case I64, I32, I16, I8, U64, U32, U16, U8, BOOL

        /// Bytes of one element.
        var byteCount: Int {
            switch self {
            case .F64, .I64, .U64: 8
            case .F32, .I32, .U32: 4
            case .F16, .BF16, .I16, .U16: 2
            case .I8, .U8, .BOOL: 1
            }
        }
    }

    /// One tensor of the file.
    public struct Tensor: Sendable, Equatable {
        /// The name, as `lstm.weight_ih_l0`.
        public let name: String
        /// The type of its elements.
        public let type: ElementType
        /// Its sizes, outermost first; empty for a single number.
        public let shape: [Int]
        /// Where its bytes stand behind the header.
        let range: Range<Int>
    }

    /// The tensors, in the order of their bytes.
    public let tensors: [Tensor]
    /// The texts of the header's `__metadata__`.
    public let metadata: [String: String]
    private let data: ArraySlice<UInt8>

    /// The longest header that is read: 1 MiB, hundreds of times what a recurrent model needs.
    static let maximumHeaderLength = 1 << 20

    /// Reads a whole file.
    ///
    /// - Throws: A `SafetensorsError` that says what is wrong where.
    public init(bytes: [UInt8]) throws(SafetensorsError) {
        guard bytes.count >= 8 else {
            throw SafetensorsError(
                "expected a safetensors file, which begins with 8 bytes of header length; found \(bytes.count) bytes"
            )
        }
        guard !bytes.starts(with: Array("PK".utf8)) else {
            throw SafetensorsError(
                "expected a safetensors file, found a zip archive, as torch.save writes it: save the model with "
                    + "safetensors.torch.save_file(model.state_dict(), ...)")
        }
        let length = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(Self.maximumHeaderLength), length <= UInt64(bytes.count - 8) else {
            throw SafetensorsError(
                "expected a header of at most \(min(Self.maximumHeaderLength, bytes.count - 8)) bytes, found a "
                    + "header length of \(length): this is no safetensors file, or a part of one")
        }
        var parser = SafetensorsHeaderParser(bytes[8..<8 + Int(length)])
        let header = try parser.parse()
        data = bytes[(8 + Int(length))...]
        metadata = header.metadata
        tensors = header.tensors.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        var end = 0
        for tensor in tensors {
            guard tensor.range.lowerBound == end else {
                throw SafetensorsError(
                    "tensor \"\(tensor.name)\": expected its data to begin at \(end), where the one before ends; "
                        + "found \(tensor.range.lowerBound): tensors overlap, or leave a hole")
            }
            end = tensor.range.upperBound
        }
        guard end == data.count else {
            throw SafetensorsError(
                "expected \(end) bytes of tensors behind the header, found \(data.count): the file is cut off, or "
                    + "has something at its end")
        }
    }

    /// The elements of a tensor as float32, row-major.
    ///
    /// - Throws: A `SafetensorsError` if the type is no floating-point type, or an element is not finite in
    ///   float32.
    public func floats(of tensor: Tensor) throws(SafetensorsError) -> [Float] {
        let bytes = data[
            data.startIndex + tensor.range.lowerBound..<data.startIndex + tensor.range.upperBound]
        func elements<Bits: FixedWidthInteger>(_ convert: (Bits) -> Float) -> [Float] {
            bytes.withUnsafeBytes { raw in
                stride(from: 0, to: raw.count, by: Bits.bitWidth / 8).map {
                    convert(Bits(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: Bits.self)))
                }
            }
        }
        let floats: [Float]
        switch tensor.type {
        case .F32: floats = elements { (bits: UInt32) in Float(bitPattern: bits) }
        case .F64: floats = elements { (bits: UInt64) in Float(Double(bitPattern: bits)) }
        case .BF16: floats = elements { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
        case .F16: floats = elements { (bits: UInt16) in Self.float(halfBits: bits) }
        default:
            throw SafetensorsError(
                "tensor \"\(tensor.name)\": expected weights of type F32, F64, F16 or BF16, found \(tensor.type)"
            )
        }
        if let index = floats.firstIndex(where: { !$0.isFinite }) {
            throw SafetensorsError(
                "tensor \"\(tensor.name)\": expected finite weights, found \(floats[index]) at element \(index)"
            )
        }
        return floats
    }

    /// The value of an IEEE 754 half (Swift's own `Float16` is missing on some platforms).
    private static func float(halfBits bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let (exponent, fraction) = (Int(bits >> 10 & 0x1F), Float(bits & 0x3FF))
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * Float(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
        }
    }
}

/// What is wrong with a model file.
public struct SafetensorsError: Error, Equatable, CustomStringConvertible {
    /// What was expected, what was found, and where.
    public let description: String

    init(_ description: String) { self.description = description }
}
