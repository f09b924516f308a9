// Asks for each URL of its arguments with the standard library's client, and prints version, status, body and trailers.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
)

func main() {
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	if os.Getenv("VERSION") == "1.1" {
		protocols = new(http.Protocols)
		protocols.SetHTTP1(true)
	}
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, Protocols: protocols}}
	lines := make([]string, len(os.Args)-1)
	var all sync.WaitGroup
	for i, url := range os.Args[1:] {
		all.Add(1)
		go func() {
			defer all.Done()
			lines[i] = ask(client, url)
		}()
	}
	all.Wait()
	for _, line := range lines {
		fmt.Println(line)
	}
}

func ask(client *http.Client, url string) string {
	answer, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s %d %s %s", answer.Proto, answer.StatusCode, body, answer.Trailer.Get("X-Sum"))
}
