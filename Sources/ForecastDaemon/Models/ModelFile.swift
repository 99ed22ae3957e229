// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
public import RecurrentKernels

/// A model read from a safetensors file: weights, digest, and what its metadata say of their use.
public struct ModelFile: Sendable {
    /// The file's path as it was asked for.
    public let path: String
    /// The file's tensors and metadata.
    public let contents: SafetensorsFile
    /// The weights, found among the tensors.
    public let weights: RecurrentWeights
    /// SHA-256 of the file, 64 hexadecimal digits, as `sha256sum` prints it.
    public let digest: String

    /// The largest file that is read: 1 GiB, far above any model that steps in time.
    static let maximumByteCount = 1 << 30

    /// Reads the model file at `path`.
    ///
    /// - Throws: A `DaemonError` that names the file and what is wrong with it.
    public init(path: String) throws(DaemonError) {
        let bytes = try Self.read(path)
        self.path = path
        do {
            contents = try SafetensorsFile(bytes: bytes)
            weights = try RecurrentWeights(discoveringIn: contents)
        } catch {
            throw DaemonError(.data, "\(path): \(error)")
        }
        var digest = SHA256Digest()
        bytes.withUnsafeBytes { digest.update($0) }
        self.digest = digest.text()
    }

    /// The first twelve digits of the digest: names the weights in published forecasts.
    public var revision: String { String(digest.prefix(12)) }

    /// Reads the whole file into memory. (A mapped file that somebody truncates would end the process.)
    private static func read(_ path: String) throws(DaemonError) -> [UInt8] {
        func failure(_ action: String) -> DaemonError {
            let reason = String(cString: strerror(errno))
            let status: DaemonError.ExitStatus = errno == EACCES ? .permission : .noInput
            let advice = errno == EACCES ? "; let the user of this process read it (chmod a+r)" : ""
            return DaemonError(status, "\(path): cannot \(action) the model file: \(reason)\(advice)")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)  // a pipe would wait for a writer
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("examine") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw DaemonError(.noInput, "\(path): expected a model file, found something that is not a file")
        }
        guard status.st_size <= maximumByteCount else {
            throw DaemonError(
                .data, "\(path): expected a model of at most 1 GiB, found \(status.st_size) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress! + filled, $0.count - filled)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("read") }
            guard count > 0 else {
                throw DaemonError(.data, "\(path): the file became shorter while it was read; try again")
            }
            filled += count
        }
        return bytes
    }
}
