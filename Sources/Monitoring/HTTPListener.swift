// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import HummingbirdCore
import Logging
import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle

/// A socket that listens, and the connections that it takes, served side by side.
///
/// HummingbirdCore has a server, which cannot be given a socket that listens already.
struct HTTPListener: Sendable {
    private let http: HTTP1Channel
    private let channel: NIOAsyncChannel<HTTP1Channel.Value, Never>
    private let end: ServerQuiescingHelper
    private let logger: Logger

    /// Listens at an address, or by an open descriptor that does so, which is taken over.
    ///
    /// - Parameter limit: Connections at once; further ones wait until one ends.
    /// - Throws: What the system says if the address cannot be had.
    init(
        host: String, port: Int, descriptor: Int32?, limit: Int, http: HTTP1Channel,
        threads: MultiThreadedEventLoopGroup, logger: Logger
    ) async throws {
        let end = ServerQuiescingHelper(group: threads)
        let bootstrap = ServerBootstrap(group: threads)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handlers = channel.pipeline.syncOperations
                    try handlers.addHandler(AvailableConnectionsChannelHandler(maxConnections: limit))
                    try handlers.addHandler(end.makeServerChannelHandler(channel: channel))
                }
            }
        let prepare = { @Sendable (channel: any Channel) in http.setup(channel: channel, logger: logger) }
        if let descriptor {
            channel = try await bootstrap.bind(descriptor, childChannelInitializer: prepare)
        } else {
            channel = try await bootstrap.bind(host: host, port: port, childChannelInitializer: prepare)
        }
        self.http = http
        self.end = end
        self.logger = logger
    }

    /// The port.
    var port: Int { channel.channel.localAddress?.port ?? 0 }

    /// Serves until shutdown, and then what has begun.
    func run() async {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { connections in
                do {
                    try await channel.executeThenClose { inbound in
                        for try await connection in inbound {
                            connections.addTask { await http.handle(value: connection, logger: logger) }
                        }
                    }
                } catch is CancellationError {
                    // The time for what has begun is over.
                } catch {
                    logger.error("http: no further connection can be taken: \(error)")
                }
            }
        } onGracefulShutdown: {
            end.initiateShutdown(promise: nil)
        }
    }
}
