// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CSodium

/// The SHA-256 (FIPS 180-4) of bytes that come piece by piece, by libsodium, which libzmq has for its keys.
struct SHA256Digest {
    private var state = crypto_hash_sha256_state()

    init() { crypto_hash_sha256_init(&state) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        crypto_hash_sha256_update(
            &state, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
    }

    /// Of all that came: 64 hexadecimal digits.
    consuming func text() -> String {
        var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        crypto_hash_sha256_final(&state, &digest)
        return digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
