// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

// Tests share Swift's concurrency threads: one that waits for a socket must not keep them from others.

extension HTTPExchange {
    /// The answer that ends with the connection.
    func awaitAnswer() async throws -> Answer { try await onThread { try self.answer() } }

    /// The bytes that come next; none at the end of the connection.
    func awaitSome() async throws -> String { try await onThread { try self.readSome() } }

    /// All bytes until the server closes the connection.
    func awaitEnd() async throws -> String { try await onThread { try self.readToEnd() } }
}

/// Gets what is at `target`.
func get(
    _ target: String, port: Int, method: String = "GET", host: String = "localhost", headers: String = ""
) async throws -> HTTPExchange.Answer {
    try await onThread {
        try HTTPExchange.get(target, port: port, method: method, host: host, headers: headers)
    }
}

/// Runs what blocks on a thread of its own.
private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}
