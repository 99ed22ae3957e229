// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Glibc
import Testing

/// Addresses of sockets that listen.
@Suite struct ListeningAddressTests {
    @Test(
        arguments: [
            ("127.0.0.1", 8080, "127.0.0.1:8080"), ("0.0.0.0", 1, "0.0.0.0:1"),
            ("::1", 65535, "[::1]:65535"), ("0:0::01", 80, "[::1]:80"), ("::", 80, "[::]:80"),
            ("localhost", 80, nil), ("example.org", 80, nil), ("", 80, nil), ("127.0.0.1 ", 80, nil),
        ] as [(String, Int, String?)])
    func isWrittenInNumbers(host: String, port: Int, text: String?) {
        #expect(ListeningAddress(host: host, port: port)?.description == text)
    }

    /// A path of a local socket may look like an address.
    @Test(
        arguments: [
            ("tcp://127.0.0.1:5556", "127.0.0.1:5556"), ("tcp://*:5556", "[::]:5556"),
            ("http://[::1]:8080", "[::1]:8080"), ("tcp://127.0.0.1:*", nil), ("tcp://eth0:5556", nil),
            ("ipc://0:5556", nil), ("ipc://*:5556", nil), ("ipc://127.0.0.1:5556", nil),
            ("ipc:///run/a//127.0.0.1:5556", nil), ("127.0.0.1:5556", nil), ("", nil),
        ] as [(String, String?)])
    func isTakenFromAnEndpoint(endpoint: String, text: String?) {
        #expect(ListeningAddress(endpoint: endpoint)?.description == text)
    }

    /// What is bound but does not listen, does so by another way than TCP, or is no socket at all is none.
    @Test func onlyTCPSocketsThatListenHaveOne() throws {
        func address(_ family: Int32, listens: Bool) throws -> ListeningAddress? {
            let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            // The system chooses where.
            if listens { try #require(listen(descriptor, 1) == 0) }
            return ListeningAddress(of: descriptor)
        }
        let text = try #require(try address(AF_INET, listens: true)).description
        let port = try #require(Int(text.split(separator: ":")[1]))
        #expect(text == "0.0.0.0:\(port)" && port > 0)
        #expect(try address(AF_INET, listens: false) == nil)
        #expect(try address(AF_UNIX, listens: false) == nil)
        #expect(ListeningAddress(of: STDIN_FILENO) == nil && ListeningAddress(of: -1) == nil)
    }
}
