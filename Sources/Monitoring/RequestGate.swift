// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Keeps bodies, what is no HTTP, and peers that do not read away from the rest of a connection.
final class RequestGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Requests that are not answered yet.
    private var openCount = 0
    /// Whether the connection ends after the next answer, and nothing more is read.
    private var isClosing = false

    /// Whether a request announces a body.
    static func hasBody(_ request: HTTPRequest) -> Bool {
        request.headerFields[.transferEncoding] != nil || request.headerFields[.contentLength] ?? "0" != "0"
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head(let request):
            openCount += 1
            context.fireChannelRead(data)
            guard Self.hasBody(request) else { return }
            // It is refused by the answer to its head; what follows may be endless.
            isClosing = true
            context.fireChannelRead(wrapInboundOut(.end(nil)))
        case .body:
            break
        case .end:
            context.fireChannelRead(data)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else {
            context.write(data, promise: promise)
            return
        }
        openCount -= 1
        context.write(data, promise: promise)
        if isClosing && openCount == 0 { end(context) }
    }

    /// Ends the connection when what was written is sent; what the peer still sends is dropped for a moment.
    ///
    /// A socket that is closed with bytes unread takes the answer away from its peer.
    private func end(_ context: ChannelHandlerContext) {
        context.flush()
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }

    /// Answers what is no HTTP, and ends the connection.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, openCount == 0 else {
            context.fireErrorCaught(error)
            return
        }
        guard !isClosing else { return }
        isClosing = true
        let problem =
            error == .headerOverflow
            ? MonitoringProblem(
                .headTooLarge, expected: "a target and headers of at most 8 KiB each, 100 headers",
                found: "more")
            : MonitoringProblem(.badRequest, expected: "a request of HTTP/1.1", found: "\(error)")
        let answer = MonitoringAPI.answer(problem)
        let head = MonitoringServer.head(of: answer, isLast: true)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: answer.body))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        end(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Nothing was read or written for long: the peer does not take its answer.
        if case .some(.all) = event as? IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
