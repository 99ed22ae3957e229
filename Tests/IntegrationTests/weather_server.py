#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""The weather server of the ZeroMQ guide, but for the endpoint, which is an argument.

Publishes random weather of random zip codes, each update one frame: zip code, temperature, relative humidity.
"""
import sys
from random import randrange

import zmq

context = zmq.Context()
socket = context.socket(zmq.PUB)
socket.bind(sys.argv[1])

while True:
    zipcode = randrange(1, 100000)
    temperature = randrange(-80, 135)
    relhumidity = randrange(10, 60)

    socket.send_string(f"{zipcode} {temperature} {relhumidity}")
