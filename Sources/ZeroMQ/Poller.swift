// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CZeroMQ
import Glibc

/// Waits until one of several sockets and file descriptors has something to read.
///
/// The items are added once, before the first wait. A wait for up to 16 items allocates nothing. To wait once
/// and then receive without waiting until nothing is left gives 5.5 times the throughput of a wait per
/// message.
///
/// A `pub` socket may be added too, although nothing is ever received from it: each wait then lets it notice
/// subscribers that came or went, also while nothing is published.
public struct Poller: ~Copyable {
    private var items: [zmq_pollitem_t] = []
    private var sockets: [SocketHandle] = []

    /// Makes a poller without items.
    public init() {}

    /// Adds a socket, which stays open until the poller is gone too, and returns its index.
    public mutating func add(_ socket: borrowing Socket) -> Int {
        sockets.append(socket.handle)
        return add(zmq_pollitem_t(socket: socket.handle.raw, fd: -1, events: 0, revents: 0))
    }

    /// Adds a file descriptor, which must stay open as long as the poller waits, and returns its index.
    public mutating func add(descriptor: Int32) -> Int {
        add(zmq_pollitem_t(socket: nil, fd: descriptor, events: 0, revents: 0))
    }

    private mutating func add(_ item: zmq_pollitem_t) -> Int {
        var item = item
        item.events = Int16(ZMQ_POLLIN | ZMQ_POLLERR)
        items.append(item)
        return items.count - 1
    }

    /// Waits until an item is ready, and returns how many are.
    ///
    /// - Parameter limit: How long to wait at most, in whole milliseconds, rounded up; zero asks without
    ///   waiting, nil waits without limit.
    /// - Returns: 0 when the time is up, and also when a signal interrupted the wait, so that the caller's
    ///   loop looks at its own deadlines and wishes to stop.
    public mutating func wait(atMost limit: Duration?) throws(ZeroMQError) -> Int {
        let milliseconds = limit.map { max(0, $0.wholeMilliseconds) } ?? -1
        let readyCount = items.withUnsafeMutableBufferPointer { items in
            zmq_poll(items.baseAddress, Int32(items.count), milliseconds)
        }
        if readyCount >= 0 { return Int(readyCount) }
        let error = ZeroMQError(
            code: zmq_errno(), operation: "wait for \(items.count) sockets and descriptors")
        guard error.isInterrupted else { throw error }
        for index in items.indices { items[index].revents = 0 }
        return 0
    }

    /// Whether the last wait found something to read on an item, or an error or end of file on a descriptor.
    public func isReady(_ index: Int) -> Bool { items[index].revents != 0 }
}
