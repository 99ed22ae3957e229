// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import CZeroMQ

/// How a socket proves who it is, and of whom it wants proof: CURVE, which encrypts as well.
///
/// Without it a socket talks with everybody who speaks ZeroMQ, in the clear; with it, with nobody who does not speak CURVE.
public struct CurveSecurity: Sendable, Equatable {
    /// This side's keys.
    public var keys: CurveKeyPair
    /// What those have to prove that the socket connects to; nil for a socket that only binds.
    public var serverKey: CurveKey?
    /// The name under which the context's `Authenticator` decides who may connect to the socket.
    ///
    /// Where the context has no authenticator, nobody may.
    public var domain: String

    /// Makes settings.
    public init(keys: CurveKeyPair, serverKey: CurveKey? = nil, domain: String = "none") {
        (self.keys, self.serverKey, self.domain) = (keys, serverKey, domain)
    }
}

extension SocketHandle {
    /// Lets what is bound from now on ask for proof, and admit whom the authenticator admits.
    ///
    /// libzmq takes settings over with each bind and connect, so that one socket can do both.
    func serve(_ curve: CurveSecurity) throws(ZeroMQError) {
        try set(ZMQ_CURVE_SECRETKEY, to: curve.keys.secretKey, "the secret key")
        try set(ZMQ_CURVE_SERVER, to: 1, "CURVE")
        try call("set the domain of a socket to \(curve.domain)") {
            zmq_setsockopt($0, ZMQ_ZAP_DOMAIN, curve.domain, curve.domain.utf8.count)
        }
        // Without this, libzmq admits every key where there is no authenticator.
        try set(ZMQ_ZAP_ENFORCE_DOMAIN, to: 1, "the enforcement of the domain")
    }

    /// Lets what is connected to from now on prove that it has the server's key, and get proof of this side's.
    func prove(_ curve: CurveSecurity) throws(ZeroMQError) {
        guard let serverKey = curve.serverKey else {
            preconditionFailure("a socket that connects with CURVE needs the key of its server")
        }
        try set(ZMQ_CURVE_PUBLICKEY, to: curve.keys.publicKey, "the public key")
        try set(ZMQ_CURVE_SECRETKEY, to: curve.keys.secretKey, "the secret key")
        try set(ZMQ_CURVE_SERVERKEY, to: serverKey, "the server's key")
    }

    private func set(_ option: Int32, to key: CurveKey, _ name: String) throws(ZeroMQError) {
        try call("set \(name) of a socket") { socket in
            key.withBytes { zmq_setsockopt(socket, option, $0.baseAddress, $0.count) }
        }
    }
}
