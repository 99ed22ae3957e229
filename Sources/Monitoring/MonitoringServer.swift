// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPTypes
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Serves reports over HTTP until the daemon shuts down.
package struct MonitoringServer: Sendable {
    /// What one server puts up with.
    package struct Limits: Sendable {
        /// Connections at once; further ones wait until one ends.
        package var connections = 128
        /// Those who listen to events at once; fewer than connections, so that others can ask.
        package var listeners = 64
        /// How often they are told what changed.
        package var eventInterval = Duration.seconds(1)
        /// Bytes of the target, of a header, and of all headers.
        package var headerBytes = 8192
        /// How long a connection may take for a request, or wait for the next.
        package var idle = Duration.seconds(10)
        /// How long a peer may leave an answer unread.
        package var stall = Duration.seconds(20)
        /// How long answers that are under way may take at the end.
        package var shutdown = Duration.seconds(2)

        /// Makes the usual limits.
        package init() {}
    }

    /// Why a server cannot listen.
    package struct ListeningError: Error, Sendable, Equatable, CustomStringConvertible {
        /// What the system said.
        package let description: String
        /// Whether it is forbidden.
        package let isForbidden: Bool
    }

    private let host: String
    private let port: Int
    private let listener: Int32?
    private let limits: Limits
    private let api: MonitoringAPI
    private let feed: EventFeed
    private let logger: Logger

    /// Makes a server.
    ///
    /// - Parameters:
    ///   - host: The address to listen on; a loopback address takes requests for this machine only.
    ///   - port: The port; 0 for any free one.
    ///   - listener: An open descriptor that listens there already and is taken over; nil for a new one.
    ///   - token: What requests have to show; nil for nothing.
    package init(
        host: String, port: Int, listener: Int32? = nil, source: some MonitoringSource,
        token: BearerToken? = nil, limits: Limits = Limits(), logger: Logger
    ) {
        self.host = host
        self.port = port
        self.listener = listener
        self.limits = limits
        feed = EventFeed(source, limit: limits.listeners, interval: limits.eventInterval)
        api = MonitoringAPI(
            source: source, feed: feed, isLoopbackOnly: LoopbackName.matches(Self.authority(host)),
            token: token)
        var logger = logger
        logger.logLevel = max(.warning, logger.logLevel)  // below that the library logs every connection
        self.logger = logger
    }

    /// An address as it stands in a URL.
    private static func authority(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

    /// Listens and serves; `onListening` is called with the port as soon as requests are answered.
    ///
    /// - Throws: A `ListeningError` if the address cannot be had.
    package func run(onListening: @escaping @Sendable (Int) -> Void) async throws {
        // One thread for all of it: the pipelines need the others more.
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let result: Result<Void, any Error>
        do {
            try await withTaskExecutorPreference(LoopExecutor(threads.next())) {
                try await serve(on: threads, onListening: onListening)
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try await threads.shutdownGracefully()
        try result.get()
    }

    private func serve(
        on threads: MultiThreadedEventLoopGroup, onListening: @escaping @Sendable (Int) -> Void
    ) async throws {
        let server: HTTPListener
        do {
            server = try await HTTPListener(
                host: host, port: port, descriptor: listener, limit: limits.connections, http: channel,
                threads: threads, logger: logger)
        } catch {
            throw ListeningError(error)
        }
        onListening(server.port)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await server.run() }
            tasks.addTask { [feed] in
                await feed.run()
                try await gracefulShutdown()
            }
            tasks.addTask { [limits, feed] in
                try await gracefulShutdown()
                await feed.end()
                try await Task.sleep(for: limits.shutdown)
            }
            try await tasks.next()
            tasks.cancelAll()
        }
    }

    /// What every connection is served by.
    private var channel: HTTP1Channel {
        HTTP1Channel(
            responder: { [api, feed] request, writer, _ in
                let isHead = request.method == .head
                let answer = await api.answer(
                    MonitoringAPI.Head(
                        method: request.method.rawValue, target: request.head.path ?? "",
                        host: request.head.authority, hasBody: RequestGate.hasBody(request.head),
                        authorization: request.headers[.authorization],
                        lastEvent: request.headers[.lastEventID]))
                let head = Self.head(of: answer, isLast: RequestGate.hasBody(request.head))
                guard let listener = answer.listener else {
                    let body =
                        isHead ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
                    return try await writer.write(response: head, body: body)
                }
                let result: Result<Void, any Error>
                do {
                    let body = ResponseBody(asyncSequence: listener.events)
                    result = .success(try await writer.write(response: head, body: body))
                } catch {
                    result = .failure(error)
                }
                await feed.leave(listener)
                try result.get()
            },
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [
                    IdleStateHandler(allTimeout: TimeAmount(limits.stall)), RequestGate(),
                ],
                idleTimeout: TimeAmount(limits.idle),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                    maxHeaderFieldCount: 100)))
    }

    /// The head of an answer.
    static func head(of answer: MonitoringAPI.Answer, isLast: Bool) -> HTTPResponse {
        var fields: HTTPFields = [
            .contentType: answer.type, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
            .contentSecurityPolicy: answer.policy,
        ]
        if answer.listener == nil { fields[.contentLength] = String(answer.body.count) }
        if answer.status == 401 { fields[.wwwAuthenticate] = "Bearer" }
        if answer.status == 405 { fields[.allow] = "GET, HEAD" }
        if isLast { fields[.connection] = "close" }
        return HTTPResponse(status: .init(code: answer.status), headerFields: fields)
    }
}

extension MonitoringServer.ListeningError {
    init(_ error: any Error) {
        let code = (error as? IOError)?.errnoCode
        self.init(
            description: (code.map { String(cString: strerror($0)) } ?? "\(error)")
                + (code == EADDRINUSE
                    ? "; another process is bound there (ss -ltnp says which): end it, or take another address"
                    : ""),
            isForbidden: code == EACCES)
    }
}

extension HTTPField.Name {
    /// What a listener says who comes back.
    fileprivate static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
