module answering

go 1.21
