// Part of forecastd. SPDX-License-Identifier: Apache-2.0

package import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a daemon's server, for the commands.
package struct MonitoringClient: Sendable {
    /// Why nothing could be asked.
    package struct ConnectionError: Error, Sendable, CustomStringConvertible {
        /// What went wrong.
        package let description: String
    }

    /// What a server answered.
    package struct Answer: Sendable {
        /// The status of HTTP.
        package var status: Int
        /// The body.
        package var body: Data
    }

    /// The server's address, as `http://127.0.0.1:8080`.
    package let url: String
    private let host: String
    private let port: Int
    private let token: BearerToken?

    private static let timeout = Duration.seconds(10)
    private static let bodyLimit = 64 << 20

    /// Makes a client; nil if `url` is not `http://host:port`.
    ///
    /// - Parameter token: What the server asks for; nil for nothing.
    package init?(url: String, token: BearerToken? = nil) {
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host,
            !host.isEmpty, ["", "/"].contains(parts.path), parts.query == nil, parts.fragment == nil,
            parts.user == nil, (1...65535).contains(parts.port ?? 80)
        else { return nil }
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = parts.port ?? 80
        self.token = token
    }

    /// A part of a path or a parameter, percent-encoded.
    package static func encoded(_ text: String) -> String {
        let plain = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:")
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? text
    }

    /// Gets what is at `target`, a path with its parameters.
    ///
    /// - Throws: A `ConnectionError`.
    package func get(_ target: String) async throws -> Answer {
        do {
            return try await withThrowingTaskGroup(of: Answer.self) { tasks in
                tasks.addTask { try await exchange(target) }
                tasks.addTask {
                    try await Task.sleep(for: Self.timeout)
                    throw ConnectionError(description: "no answer within 10 s")
                }
                defer { tasks.cancelAll() }
                return try await tasks.next()!
            }
        } catch let error as ConnectionError {
            throw error
        } catch {
            throw ConnectionError(description: Self.words(for: error))
        }
    }

    private func exchange(_ target: String) async throws -> Answer {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(
            host: host, port: port
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
                    wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            let authority = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            var headers: HTTPHeaders = ["host": authority, "connection": "close"]
            if let token { headers.add(name: "authorization", value: "Bearer \(token.text)") }
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target, headers: headers)
            // At once: to a head alone a quick server answers and closes, and the end finds no connection.
            try await outbound.write(contentsOf: [.head(head), .end(nil)])
            var answer = Answer(status: 0, body: Data())
            for try await part in inbound {
                switch part {
                case .head(let head): answer.status = Int(head.status.code)
                case .body(let bytes): answer.body.append(contentsOf: bytes.readableBytesView)
                case .end: return answer
                }
                guard answer.body.count <= Self.bodyLimit else {
                    throw ConnectionError(description: "an answer of more than 64 MiB")
                }
            }
            throw ConnectionError(description: "the connection was cut")
        }
    }

    private static func words(for error: any Error) -> String {
        if let connection = error as? NIOConnectionError {
            let code = connection.connectionErrors.lazy.compactMap { ($0.error as? IOError)?.errnoCode }.first
            return code.map { String(cString: strerror($0)) } ?? "no such host"
        }
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        return error is HTTPParserError ? "what answers there is no HTTP server" : "\(error)"
    }
}
