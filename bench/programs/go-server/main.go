// A Go service that gives every request the same answer from memory; a second port says how many it has served.
//
//	go-server FILE     prints "listening PORT STATUS_PORT"
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
)

func listen() (net.Listener, int) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	return listener, listener.Addr().(*net.TCPAddr).Port
}

func main() {
	body, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var served atomic.Int64
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
	})
	count := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, served.Load()) })
	listener, port := listen()
	status, statusPort := listen()
	go http.Serve(status, count)
	fmt.Println("listening", port, statusPort)
	panic(http.Serve(listener, answer))
}
