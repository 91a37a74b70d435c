package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

func jsonNumber(text string) json.Number { return json.Number(text) }

// asyncAPI returns the contract as an AsyncAPI 3 document: the connection is the only
// channel; each request, with its reply, and each push is an operation.
func (c *contract) asyncAPI() obj {
	messages, inChannel, operations := obj{}, obj{}, obj{}
	message := func(e event, part string) obj {
		name := e.name + "." + part
		if messages[messageID(name)] == nil {
			messages[messageID(name)] = obj{"name": e.name, "title": name, "payload": c.parts(e, "#/components/schemas/")[part]}
			inChannel[messageID(name)] = obj{"$ref": "#/components/messages/" + messageID(name)}
		}
		return obj{"$ref": "#/channels/connection/messages/" + messageID(name)}
	}
	for _, e := range c.events {
		if e.request != "" {
			// An application that reads this document is a client, so it sends requests.
			operation := obj{
				"action": "send", "channel": obj{"$ref": "#/channels/connection"}, "title": e.name,
				"summary": c.types[e.request].doc, "messages": []obj{message(e, "request")},
			}
			if !e.unanswered {
				operation["reply"] = obj{"channel": obj{"$ref": "#/channels/connection"}, "messages": []obj{message(e, "ack")}}
			}
			operations["send_"+messageID(e.name)] = operation
		}
		if e.push != "" {
			operations["receive_"+messageID(e.name)] = obj{
				"action": "receive", "channel": obj{"$ref": "#/channels/connection"}, "title": e.name,
				"summary": strings.TrimSpace(c.types[e.push].doc + aside(e.about)), "messages": []obj{message(e, "push")},
			}
		}
	}
	return obj{
		"asyncapi": "3.0.0",
		"info": obj{
			"title": "Anteroom", "version": strconv.Itoa(c.protocol) + ".0.0",
			"description": "The client contract: Socket.IO v5 packets on Engine.IO v4, namespace /. The name of a message is the event, its " +
				"payload the event's only argument; a reply is the only argument of the acknowledgement. The Socket.IO auth of a connect is " +
				"components/schemas/ConnectAuth. Times are milliseconds since the epoch.",
			"license": obj{"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
		},
		"defaultContentType": "application/json",
		"channels": obj{"connection": obj{
			"address": "/socket.io/", "title": "The connection of a user", "messages": inChannel,
		}},
		"operations": operations,
		"components": obj{"messages": messages, "schemas": c.definitions("#/components/schemas/")},
	}
}

// messageID returns a name in the form of AsyncAPI's identifiers.
func messageID(name string) string { return strings.NewReplacer(":", "_", ".", "_").Replace(name) }

func aside(text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", text)
}
